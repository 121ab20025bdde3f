"""`tomosift import`: bring a list of particles in, with its volumes or with boxes cut from tomograms."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tomosift.commands.common import (
    CommandFailed,
    ProjectName,
    Server,
    Token,
    console,
    error_console,
    open_client,
)
from tomosift.kit.settings import get_settings

if TYPE_CHECKING:
    from tomosift.pool.import_schemas import ImportOptions


def import_list(
    star: Annotated[Path, typer.Argument(help="The particle list, or a folder of volumes.", metavar="LIST")],
    project: ProjectName,
    create: Annotated[bool, typer.Option("--create", help="Make the project first; needs --classes.")] = False,
    classes: Annotated[
        str | None, typer.Option(help="Class names for --create, separated by commas.", metavar="A,B,C")
    ] = None,
    format: Annotated[
        str | None, typer.Option(help="The list's format, if it is not recognised rightly.", metavar="KEY")
    ] = None,
    voxel_size: Annotated[
        float | None,
        typer.Option(help="Å per voxel of the cubes, or (with --box) of the list's coordinates.", metavar="Å"),
    ] = None,
    tomogram: Annotated[str | None, typer.Option(help="All particles lie in this tomogram.", metavar="NAME")] = None,
    tomograms: Annotated[
        Path | None,
        typer.Option(
            help="Where the tomograms are: a folder, a table (tomogram, path), tomograms.star, or a copick project.",
            metavar="PATH",
        ),
    ] = None,
    tomogram_pattern: Annotated[
        str | None,
        typer.Option(help="Their names in the folder; default {tomogram}.mrc.", metavar="PATTERN"),
    ] = None,
    tomogram_voxel_size: Annotated[
        float | None, typer.Option(help="Å per voxel of the tomograms, if their headers do not say.", metavar="Å")
    ] = None,
    tomograms_star: Annotated[
        Path | None,
        typer.Option(help="RELION's tomograms.star, for sizes, beside --tomograms.", metavar="FILE.star"),
    ] = None,
    copick_tomogram: Annotated[
        str | None, typer.Option(help="Which tomograms of a copick project: wbp, or 10.012/wbp.", metavar="KIND")
    ] = None,
    box: Annotated[
        int | None, typer.Option(help="Cut boxes of so many voxels from the tomograms.", metavar="VOXELS")
    ] = None,
    cut_voxel_size: Annotated[
        float | None, typer.Option(help="Rescale the boxes to so many Å per voxel.", metavar="Å")
    ] = None,
    invert: Annotated[bool, typer.Option("--invert", help="Turn the boxes' contrast over.")] = False,
    normalise: Annotated[
        bool, typer.Option("--normalise", help="Give each box mean 0 and standard deviation 1.")
    ] = False,
    replace_volumes: Annotated[
        bool,
        typer.Option("--replace-volumes", help="New volumes for all particles of the project; labels stay."),
    ] = False,
    labels_column: Annotated[
        str | None, typer.Option(help="Make labels of this column of the list.", metavar="COLUMN")
    ] = None,
    labels_as: Annotated[
        str | None,
        typer.Option(help="With --labels-column: labels (default), evaluation-truth or predictions.", metavar="USE"),
    ] = None,
    labels_importer: Annotated[
        str | None, typer.Option(help="In whose name. Default: the list's file name.", metavar="NAME")
    ] = None,
    labels_map: Annotated[
        list[str] | None,
        typer.Option(help="Class for a value; repeat it, as in `tomosift labels import --map`.", metavar="VALUE=CLASS"),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="Only show what would be imported, and what looks wrong.")
    ] = False,
    preview_image: Annotated[
        Path | None, typer.Option(help="With --preview: a PNG of ten samples' slices.", metavar="FILE.png")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the import is over.")] = True,
    server: Server = None,
    token: Token = None,
) -> None:
    """Import a particle list, with its volumes or with boxes cut from tomograms, into a project.

    A service that can read the files itself (TOMOSIFT_IMPORT_ROOTS) does; otherwise they are sent in chunks, and an
    interrupted transfer goes on where it stopped when the command is repeated. A list that has grown adds what is new.

    Example: `tomosift import Extract/job012/particles.star --project ribosomes --create --classes ribosome,junk-like`
    """
    from tomosift.client.importing import ImportRequest, import_particles

    cut = _cut(box, cut_voxel_size, invert, normalise)
    asked = {
        "format": format,
        "voxel_size_angstrom": voxel_size,
        "tomogram": tomogram,
        "tomograms": _tomograms(tomograms, tomogram_pattern, tomogram_voxel_size, tomograms_star, copick_tomogram),
        "cut": cut,
        "replace_volumes": replace_volumes,
        "labels": _labels(labels_column, labels_as, labels_importer or star.name, labels_map or []),
    }
    if labels_column is None and (labels_as or labels_importer or labels_map):
        raise CommandFailed("--labels-as, --labels-importer and --labels-map go with --labels-column.")
    if preview_image is not None and not preview:
        raise CommandFailed("--preview-image goes with --preview.")
    wanted = [name.strip() for name in classes.split(",") if name.strip()] if classes else []
    request = ImportRequest(star, project, create, wanted, _options(asked), wait, preview, preview_image)
    with open_client(server, token) as client:
        import_particles(client, request, get_settings(), console, error_console)


def _options(asked: dict[str, Any]) -> "ImportOptions":
    from pydantic import ValidationError

    from tomosift.pool.import_schemas import ImportOptions

    try:
        return ImportOptions.model_validate(asked)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(each) for each in first["loc"])
        raise CommandFailed(f"{place}: {first['msg']}." if place else f"{first['msg']}.") from error


def _labels(column: str | None, use: str | None, importer: str, mapped: list[str]) -> dict[str, Any] | None:
    from tomosift.client.labels import parse_map

    if column is None:
        return None
    return {"as": use or "labels", "importer": importer, "column": column, "classes": parse_map(mapped)}


def _cut(box: int | None, voxel_size: float | None, invert: bool, normalise: bool) -> dict[str, Any] | None:
    if box is None:
        if voxel_size is not None or invert or normalise:
            raise CommandFailed("--cut-voxel-size, --invert and --normalise go with --box.")
        return None
    return {
        "box_size": box,
        "voxel_size_angstrom": voxel_size,
        "invert": invert,
        "normalise": "zscore" if normalise else "none",
    }


def _tomograms(
    path: Path | None,
    pattern: str | None,
    voxel_size: float | None,
    tomograms_star: Path | None,
    copick_tomogram: str | None,
) -> dict[str, Any] | None:
    """Where the tomograms are, by what `path` is."""
    if path is None and tomograms_star is None:
        if pattern or voxel_size or copick_tomogram:
            raise CommandFailed("Options about tomograms need --tomograms: say where they are.")
        return None
    given: dict[str, Any] = {"voxel_size_angstrom": voxel_size, "copick_tomogram": copick_tomogram}
    if pattern is not None:
        given["pattern"] = pattern
    if tomograms_star is not None:
        given["tomograms_star"] = str(_existing(tomograms_star))
    if path is not None:
        given[_kind_of(_existing(path))] = str(path.resolve())
    return given


def _existing(path: Path) -> Path:
    if not path.exists():
        raise CommandFailed(f"{path} does not exist.")
    return path.resolve()


def _kind_of(path: Path) -> str:
    if path.is_dir():
        return "copick" if (path / "ExperimentRuns").is_dir() else "folder"
    if path.suffix == ".json":
        return "copick"
    with path.open("rb") as file:
        return "tomograms_star" if b"data_global" in file.read(65_536) else "list"
