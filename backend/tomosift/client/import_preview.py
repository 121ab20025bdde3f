"""What a preview of an import found, as tables for the terminal and central slices of its samples as a picture."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console

from tomosift.client.sync_client import Tomosift
from tomosift.client.terminal import row_problems, table
from tomosift.pool.import_schemas import ImportPreview

_TILE = 128
_COLUMNS = 5
_GAP = 4


def show_preview(client: Tomosift, slug: str, job_id: str, image: Path | None, console: Console) -> None:
    """Print what the preview found, and write the samples' central slices to `image` if one is named."""
    found = client.imports.read_preview(slug, job_id)
    console.print(table(None, ["", ""], _facts(found)))
    for title, sentences in (("Warnings", found.warnings), ("Notes", found.notes)):
        if sentences:
            console.print(f"\n[bold]{title}[/]")
            for each in sentences:
                console.print(f"- {each}", highlight=False, markup=False, soft_wrap=True)
    if found.errors:
        console.print("\n[bold red]This would stop the import[/]")
        console.print(row_problems(each.model_dump() for each in found.errors))
    if image is not None:
        volumes = [_fetch_volume(client, sample.volume_url) for sample in found.samples]
        write_slices(volumes, image)
        console.print(f"\nCentral slices of {len(volumes)} samples: {image}", highlight=False, soft_wrap=True)
    console.print("\nNothing was imported.", highlight=False)


def write_slices(volumes: list[NDArray[np.float32]], image: Path) -> None:
    """The central xy slices of volumes `(z, y, x)`, five in a row, each in its own grey range, as a PNG."""
    rows = max(1, -(-len(volumes) // _COLUMNS))
    sheet = Image.new("L", (_COLUMNS * (_TILE + _GAP) - _GAP, rows * (_TILE + _GAP) - _GAP), color=255)
    for number, volume in enumerate(volumes):
        section = volume[volume.shape[0] // 2].astype(np.float64)
        low, high = np.percentile(section, (0.5, 99.5))
        grey = np.clip((section - low) / ((high - low) or 1.0), 0, 1) * 255
        tile = Image.fromarray(grey.astype(np.uint8)).resize((_TILE, _TILE), Image.Resampling.NEAREST)
        row, column = divmod(number, _COLUMNS)
        sheet.paste(tile, (column * (_TILE + _GAP), row * (_TILE + _GAP)))
    sheet.save(image, "PNG")


def _facts(found: ImportPreview) -> list[tuple[str, str]]:
    kinds = {
        "images": "volumes named by the list",
        "cut": "boxes cut from tomograms",
        "coordinates": "coordinates alone: give --tomograms and --box to cut boxes",
    }
    size = found.voxel_size_angstrom
    tomograms = ", ".join(found.tomograms[:5]) + (", …" if found.tomogram_count > 5 else "")
    classes = ", ".join(f"{each.value} ({each.count:,})" for each in found.class_values)
    more = found.class_value_count - len(found.class_values)
    return [
        ("list", f"{found.name}: {found.format_title} ({found.flavour})"),
        ("particles", f"{found.row_count:,}: {found.new_count:,} new, {found.already_there:,} there already"),
        ("tomograms", f"{found.tomogram_count:,} ({tomograms})" if tomograms else "not named"),
        ("voxels", kinds[found.kind]),
        ("box", f"{found.box_size} voxels" if found.box_size else "unknown"),
        ("voxel size", f"{size:g} Å, from {found.voxel_size_origin}" if size else "unknown"),
        (
            "classes",
            f"{found.class_column}: {classes}{f' and {more} more' if more else ''}"
            if found.class_column
            else "no class column",
        ),
        ("samples", str(len(found.samples))),
    ]


def _fetch_volume(client: Tomosift, url: str) -> NDArray[np.float32]:
    answer = client.get_bytes(url, format="float16")
    shape = [int(each) for each in answer.headers["X-Volume-Shape"].split(",")]
    numbers = np.frombuffer(answer.content, "<f2").astype(np.float32).reshape(shape)
    return numbers * float(answer.headers["X-Volume-Scale"]) + float(answer.headers["X-Volume-Offset"])
