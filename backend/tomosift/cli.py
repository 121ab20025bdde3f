"""The command `tomosift`. Wiring: each command's work is done by the part of the program it belongs to."""

import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import tomosift
from tomosift.commands.audit import audit
from tomosift.commands.common import CommandFailed, Token, console, error_console
from tomosift.commands.cycles import cycle_app
from tomosift.commands.exports import export
from tomosift.commands.imports import import_list
from tomosift.commands.labels import labels_app
from tomosift.commands.projects import project_app
from tomosift.commands.tokens import token_app
from tomosift.commands.users import user_app
from tomosift.kit.settings import get_settings

app = typer.Typer(
    name="tomosift",
    help="Sort cryo-electron-tomography subtomograms with a few hundred expert decisions.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="markdown",
)
app.add_typer(cycle_app, name="cycle")
app.add_typer(labels_app, name="labels")
app.add_typer(project_app, name="project")
app.add_typer(user_app, name="user")
app.add_typer(token_app, name="token")
app.command()(audit)
app.command()(export)
app.command("import")(import_list)


class Part(StrEnum):
    """What `up` can run alone."""

    API = "api"
    WORKER = "worker"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line. Whatever goes wrong is one line on standard error and exit status 2."""
    try:
        app(arguments)
    except KeyboardInterrupt:
        error_console.print("Interrupted.", style="yellow")
        sys.exit(130)
    except Exception as error:
        if not _is_expected(error):
            raise
        error_console.print(f"[bold red]Error:[/] {_one_line(error)}", highlight=False, soft_wrap=True)
        sys.exit(2)


@app.callback(invoke_without_command=True)
def _common(version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False) -> None:
    if version:
        console.print(tomosift.__version__)
        raise typer.Exit


@app.command()
def up(
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the sign-in link in a browser.")] = True,
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="Make the demo project if there is none.")] = True,
    only: Annotated[Part | None, typer.Option(help="Run one part alone, as on a lab server.")] = None,
) -> None:
    """Start everything: database, message broker, service, workers. Ctrl-C stops it.

    Prints one sign-in link and opens it. Data lives in TOMOSIFT_HOME; every setting is in `docs/settings.md`.

    Example: `TOMOSIFT_PORT=9000 tomosift up --no-browser`
    """
    from tomosift.supervisor import up as run_everything

    make_demo = demo and only is None
    raise typer.Exit(
        run_everything(
            get_settings(),
            open_browser=browser and only is None,
            part="all" if only is None else only.value,
            after_ready=_make_demo if make_demo else None,
        )
    )


@app.command()
def demo(
    acquisition: Annotated[
        str | None,
        typer.Option(help="What chooses the batches, beside random choice. Default: the best known.", metavar="ID"),
    ] = None,
    cycles: Annotated[int, typer.Option(min=1, help="Cycles of each run.")] = 4,
    batch_size: Annotated[int, typer.Option(min=2, help="Labels between two cycles.")] = 40,
    seed: Annotated[int, typer.Option(min=0, help="Of the simulated particles.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for curve.png and result.json.", metavar="DIR")] = Path(
        "demo-output"
    ),
    server: Annotated[
        str | None,
        typer.Option(help="Run on this service. Default: one of its own, removed afterwards.", metavar="URL"),
    ] = None,
    token: Token = None,
) -> None:
    """Run the whole loop with nobody at the keyboard, and random choice beside it.

    A simulated annotator answers from the known truth; the table shows labels and accuracy of both, whichever wins.

    Example: `tomosift demo --cycles 4 --out demo-output`
    """
    from tomosift.client import find_service
    from tomosift.demo_loop import DemoOptions, run_demo

    options = DemoOptions(
        cycles=cycles,
        batch_size=batch_size,
        seed=seed,
        out=out,
        service=find_service(get_settings(), server, token) if server else None,
    )
    run_demo(replace(options, acquisition=acquisition) if acquisition else options, get_settings(), console)


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="A new folder for the data set.", metavar="DIR")],
    templates: Annotated[
        Path | None,
        typer.Option(help="Density maps (.mrc, .map), one a class. Default: built-in shapes.", metavar="DIR"),
    ] = None,
    per_class: Annotated[int, typer.Option(min=1, help="Particles of each class.")] = 100,
    box: Annotated[int, typer.Option(min=8, max=256, help="Voxels along each edge.")] = 32,
    snr: Annotated[float, typer.Option(min=1e-6, help="Signal variance over noise variance.")] = 0.1,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")] = 1,
    junk: Annotated[int, typer.Option(min=0, help="Junk particles in all.")] = 0,
    voxel_size: Annotated[
        float | None, typer.Option(help="Å per voxel. Default: that of the maps, or 10.", metavar="Å")
    ] = None,
    stack: Annotated[bool, typer.Option("--stack", help="One stack a tomogram instead of a file a particle.")] = False,
) -> None:
    """Simulate subtomograms with known classes: particles.star, volumes, and truth.csv.

    Random orientation and shift, missing wedge, contrast transfer function, noise (`docs/simulation.md`).

    Example: `tomosift simulate --templates maps/ --out simulated --per-class 100 --box 32 --snr 0.1 --seed 1`
    """
    from rich.progress import Progress

    from tomosift.simulation.dataset import simulate_dataset

    if templates is not None and not templates.is_dir():
        raise CommandFailed(f"{templates} is no folder.")
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Simulating", total=None)
        try:
            made = simulate_dataset(
                out,
                templates=templates,
                counts_per_class=per_class,
                box=box,
                snr=snr,
                seed=seed,
                junk_count=junk,
                voxel_size=voxel_size,
                stack=stack,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
        except ValueError as error:  # settings that do not go together, or a folder with files in it
            raise CommandFailed(f"{error}.") from error
    listed = ", ".join(f"{name} {count}" for name, count in made.counts.items())
    console.print(f"{made.total} particles at {made.voxel_size:g} Å a voxel: {listed}", highlight=False, soft_wrap=True)
    console.print(f"List:  {made.star}\nTruth: {made.truth}", highlight=False, soft_wrap=True)


@app.command()
def openapi() -> None:
    """Print the service's OpenAPI description (JSON).

    Example: `tomosift openapi > openapi.json`
    """
    from tomosift.openapi import openapi_text

    sys.stdout.write(openapi_text())


@app.command()
def doctor(
    worker: Annotated[bool, typer.Option("--worker", help="Check the training worker of this computer.")] = False,
) -> None:
    """Check that everything runs; exit status 2 if something does not.

    Example: `tomosift doctor`
    """
    from tomosift.doctor import check_service, check_worker

    for line in check_worker(get_settings()) if worker else check_service(get_settings()):
        console.print(line, highlight=False, soft_wrap=True)


def _make_demo() -> None:
    from tomosift.pool.demo_project import ensure_demo_project

    ensure_demo_project()


def _is_expected(error: Exception) -> bool:
    """Whether the error speaks to the user: the program's own kinds, and wrong settings."""
    from pydantic import ValidationError

    from tomosift.client import ApiProblem, NoService
    from tomosift.client.cycles import CycleFailed
    from tomosift.client.exporting import ExportFailed
    from tomosift.client.importing import ImportFailed
    from tomosift.client.labels import LabelsFailed
    from tomosift.demo_loop import DemoFailed
    from tomosift.demo_loop.own_service import ServiceFailed
    from tomosift.doctor import NotWell
    from tomosift.formats.problem import FormatProblem

    ours = (ApiProblem, NoService, CommandFailed, CycleFailed, ExportFailed, ImportFailed, NotWell, FormatProblem)
    return isinstance(error, (*ours, LabelsFailed, DemoFailed, ServiceFailed, ValidationError))


def _one_line(error: Exception) -> str:
    from pydantic import ValidationError
    from rich.markup import escape

    if isinstance(error, ValidationError):
        reasons = [f"TOMOSIFT_{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()]
        return escape("; ".join(reasons))
    return escape(" ".join(str(error).split()))


if __name__ == "__main__":
    main()
