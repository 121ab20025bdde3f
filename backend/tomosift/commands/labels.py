"""`tomosift labels`: bring labels that exist already, and take them back."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tomosift.commands.common import ProjectName, Server, Token, console, open_client
from tomosift.kit.settings import get_settings

labels_app = typer.Typer(help="Bring labels that exist already, and take them back.", no_args_is_help=True)


class Use(StrEnum):
    """What labels of a file become."""

    LABELS = "labels"
    EVALUATION_TRUTH = "evaluation-truth"
    PREDICTIONS = "predictions"


@labels_app.command("import")
def bring_labels(
    project: ProjectName,
    importer: Annotated[
        str, typer.Option(help='In whose name: where the labels come from, "RELION Class3D job042".', metavar="NAME")
    ],
    file: Annotated[
        Path | None,
        typer.Argument(
            help="CSV, TSV, Parquet or particle list. Left out: a column of the list --source.", metavar="[FILE]"
        ),
    ] = None,
    use: Annotated[
        Use, typer.Option("--as", help="labels, truth of the evaluation sample only, or hints to start from.")
    ] = Use.LABELS,
    column: Annotated[str | None, typer.Option(help="Column with the classes.", metavar="COLUMN")] = None,
    map: Annotated[
        list[str] | None,
        typer.Option(help="Class for a value; repeat it. 3=junk, 3=unsure; 3= leaves it out.", metavar="VALUE=CLASS"),
    ] = None,
    key: Annotated[str | None, typer.Option(help="Column that says which particle.", metavar="COLUMN")] = None,
    matches: Annotated[
        str | None, typer.Option(help="What the key is: id, row, name, or a column of the list.", metavar="WHAT")
    ] = None,
    confidence_column: Annotated[
        str | None, typer.Option(help="For predictions: column with numbers from 0 to 1.", metavar="COLUMN")
    ] = None,
    create_classes: Annotated[
        bool, typer.Option("--create-classes", help="Add a class for every name the project lacks.")
    ] = False,
    source: Annotated[str | None, typer.Option(help="Only particles of this imported list.", metavar="ID")] = None,
    server: Server = None,
    token: Token = None,
) -> None:
    """Bring labels that exist already, in an importer's name. Repeating it writes nothing twice.

    Example: `tomosift labels import run_it025_data.star -p ribosomes --importer "Class3D job042" --map 1=ribosome`
    """
    from tomosift.client.labels import import_labels, parse_map

    body = {
        "as": use.value,
        "importer": importer,
        "column": column,
        "classes": parse_map(map or []),
        "key": key,
        "matches": matches,
        "confidence_column": confidence_column,
        "create_classes": create_classes,
        "source_id": source,
    }
    with open_client(server, token) as client:
        import_labels(client, project, file, body, get_settings(), console)


@labels_app.command("undo")
def undo_labels(
    job: Annotated[str, typer.Argument(help="The job of the label import.", metavar="JOB")],
    project: ProjectName,
    server: Server = None,
    token: Token = None,
) -> None:
    """Take a whole label import back. What people decided stays.

    Example: `tomosift labels undo 0b0e6a0c-6a52-4f0b-9a51-0d4d5a3f9f63 --project ribosomes`
    """
    from tomosift.client.labels import undo_labels as undo

    with open_client(server, token) as client:
        undo(client, project, job, console)
