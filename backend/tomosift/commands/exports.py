"""`tomosift export`: write labels and predictions as files for the next program."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tomosift.commands.common import CommandFailed, ProjectName, Server, Token, console, open_client


def export(
    project: ProjectName,
    out: Annotated[Path, typer.Option(help="A new folder for the files.", metavar="DIR")],
    format: Annotated[
        str, typer.Option(help="source: each list as it came; or csv, parquet, relion, dynamo, …", metavar="KEY")
    ] = "source",
    layout: Annotated[
        str, typer.Option(help="one-file, per-class or selection-and-rest.", metavar="LAYOUT")
    ] = "one-file",
    columns: Annotated[
        str | None,
        typer.Option(
            help="Columns to add: label, annotators, agreement, predicted-class, confidence, decided-by; or none.",
            metavar="A,B,…",
        ),
    ] = None,
    classes_from: Annotated[
        str, typer.Option(help="labels, predictions or labels-else-predictions.", metavar="RULE")
    ] = "labels-else-predictions",
    cycle: Annotated[int | None, typer.Option(min=1, help="Predictions of this cycle. Default: the newest.")] = None,
    classes: Annotated[
        str | None, typer.Option(help="Only these classes; also junk, unsure, unlabeled.", metavar="A,B,…")
    ] = None,
    decided_by: Annotated[
        str | None, typer.Option(help="Only decided by: expert, importer, model.", metavar="A,B,…")
    ] = None,
    annotators: Annotated[
        str | None, typer.Option(help="Only with an opinion of one of these users.", metavar="A,B,…")
    ] = None,
    min_confidence: Annotated[
        float | None, typer.Option(min=0, max=1, help="Least confidence of what a model decided.")
    ] = None,
    min_agreement: Annotated[
        float | None, typer.Option(min=0, max=1, help="Least share of opinions that agree with the label.")
    ] = None,
    max_unlike: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Leave out what a model decided that is more unlike all classes than this."),
    ] = None,
    tomograms: Annotated[str | None, typer.Option(help="Only of these tomograms.", metavar="A,B,…")] = None,
    keep_class_number: Annotated[
        bool, typer.Option("--keep-class-number", help="Leave rlnClassNumber (or its like) as it was imported.")
    ] = False,
    volumes: Annotated[
        str, typer.Option(help="Volumes as well: none, mrc-cubes, mrc-stack or ome-zarr.", metavar="KIND")
    ] = "none",
    rewrite_images: Annotated[
        bool, typer.Option("--rewrite-images", help="Let rlnImageName name the exported volumes.")
    ] = False,
    class_sums: Annotated[bool, typer.Option("--class-sums", help="Also the sum of each class as .mrc.")] = False,
    wedge: Annotated[
        str | None,
        typer.Option(help="Tilt range in degrees, to compensate the missing wedge in sums.", metavar="MIN,MAX"),
    ] = None,
    id: Annotated[
        str | None, typer.Option(help="Fetch this export again, or go on with it, instead of making one.", metavar="ID")
    ] = None,
    server: Server = None,
    token: Token = None,
) -> None:
    """Write particles with their classes as files, fetch them and check every checksum.

    Example: `tomosift export --project ribosomes --out chosen --classes ribosome --min-confidence 0.9`
    """
    from tomosift.client.exporting import ExportRequest, export_particles

    filters = {
        "classes": _parts(classes),
        "decided_by": _parts(decided_by),
        "annotators": _parts(annotators),
        "min_confidence": min_confidence,
        "min_agreement": min_agreement,
        "max_unlike": max_unlike,
        "tomograms": _parts(tomograms),
    }
    body: dict[str, Any] = {
        "format": format,
        "layout": layout,
        "classes_from": classes_from,
        "cycle": cycle,
        "filters": {name: value for name, value in filters.items() if value is not None},
        "class_number": "keep" if keep_class_number else "set",
        "volumes": volumes,
        "rewrite_images": rewrite_images,
        "class_sums": class_sums,
        "wedge": _wedge(wedge),
    }
    if columns is not None:
        body["columns"] = [] if columns == "none" else _parts(columns)
    with open_client(server, token) as client:
        export_particles(client, ExportRequest(project, out, body, id), console)


def _parts(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _wedge(text: str | None) -> dict[str, float] | None:
    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise CommandFailed(f"--wedge takes two numbers such as --wedge=-60,60, not {text!r}.") from None
    return {"minimum_degrees": low, "maximum_degrees": high}
