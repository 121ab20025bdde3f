"""What lies beside the files of an export and says what they are: manifest.json, classes.star and README.txt."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

import tomosift
from tomosift.exports.attempt_files import MANIFEST, AttemptFiles
from tomosift.exports.list_files import IMAGE_COLUMN, ConvertedPlaces, ExportPlan, numbered_class_names
from tomosift.exports.outcome import decide
from tomosift.exports.particle_volumes import WrittenSum
from tomosift.exports.preview import prediction_source
from tomosift.exports.schemas import ExportedClass
from tomosift.formats.star_blocks import LoopBlock
from tomosift.formats.star_writer import write_star_blocks
from tomosift.tables import Project, Source

CLASSES, README = "classes.star", "README.txt"
WITHOUT_POSITION = (
    "{:,} particles have no known position in their tomogram: their coordinates are 0, in CSV and Parquet empty. "
    "Import their list together with its tomograms to have them."
)
NOT_GOLD = "FSC 0.143 between two halves that share their angles: no gold standard, and better than the truth"


@dataclass(frozen=True)
class ExportFacts:
    """What the descriptions state beside the plan."""

    project: Project
    created_at: datetime
    created_by: str | None
    counts: Sequence[ExportedClass]
    converted: ConvertedPlaces
    sums: Sequence[WrittenSum]


def write_descriptions(files: AttemptFiles, plan: ExportPlan, facts: ExportFacts) -> dict[str, Any]:
    """Write classes.star and README.txt, and return the manifest, which names all files with their checksums."""
    names = numbered_class_names(plan.known.facts)
    with files.open(CLASSES) as file:
        numbers = [str(number) for number in range(1, len(names) + 1)]
        table = pd.DataFrame({"rlnClassNumber": numbers, "tomosiftClassName": names}, dtype=str)
        buffer = io.BytesIO()
        write_star_blocks(buffer, [LoopBlock("classes", table)])
        file.write(buffer.getvalue())
    with files.open(README) as file:
        file.write(_readme(plan, facts).encode())
    return _manifest(files, plan, facts)


def count_left_out_as_unlike(plan: ExportPlan) -> int:
    """How many particles would be there if it did not matter how unlike all classes they are."""
    filters = plan.request.filters.model_copy(update={"max_unlike": None, "min_unlike": None})
    if filters == plan.request.filters:
        return 0
    choice = plan.request.model_copy(update={"filters": filters})
    everything = decide(plan.known.facts, plan.known.predictions, choice)
    return int(everything.selected.sum() - plan.outcome.selected.sum())


def _manifest(files: AttemptFiles, plan: ExportPlan, facts: ExportFacts) -> dict[str, Any]:
    known = plan.known
    model = known.predictions.model
    return {
        "format": "tomosift-export-1",
        "tomosift_version": tomosift.__version__,
        "created_at": facts.created_at.isoformat(),
        "created_by": facts.created_by,
        "project": {"slug": facts.project.slug, "name": facts.project.name, "id": str(facts.project.id)},
        "class_set": {
            "version": facts.project.class_set_version,
            "numbers": {str(at): name for at, name in enumerate(numbered_class_names(known.facts), start=1)},
            "classes": [{"id": str(each.id), "name": each.name} for each in known.facts.classes],
        },
        "request": plan.request.model_dump(mode="json", exclude_none=True),
        "predictions": {
            **prediction_source(known.predictions).model_dump(mode="json"),
            "model": None if model is None else {"key": model.model_key, "checksum": model.model_checksum},
        },
        "particles": {
            "in_project": len(known.facts),
            "selected": int(plan.outcome.selected.sum()),
            "written": plan.total,
            "without_position": facts.converted.without_position,
            "left_out_as_unlike": count_left_out_as_unlike(plan),
        },
        "classes": [count.model_dump(mode="json") for count in facts.counts],
        "sources": [_source(each) for each in known.facts.sources],
        "class_sums": [_sum(each) for each in facts.sums],
        "files": [each.model_dump(mode="json") for each in files.written],
    }


def _source(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "format": source.format,
        "flavour": source.flavour,
        "checksum": f"blake2b-128:{source.checksum}",
        "rows": source.row_count,
    }


def _sum(written: WrittenSum) -> dict[str, Any]:
    average = written.average
    return {
        "class": written.class_name,
        "path": written.path,
        "particles": average.n,
        "left_out_without_angles": average.n_left_out,
        "aligned": average.aligned,
        "wedge_compensated": average.wedge_compensated,
        "fsc_0143_angstrom": average.fsc_resolution,
        "fsc_note": NOT_GOLD if average.fsc_resolution is not None else None,
    }


def _readme(plan: ExportPlan, facts: ExportFacts) -> str:
    request, project = plan.request, facts.project
    lines = [
        f"Particles of the project {project.name} ({project.slug}), exported by Tomosift {tomosift.__version__} on "
        f"{facts.created_at:%Y-%m-%d %H:%M} UTC{f' for {facts.created_by}' if facts.created_by else ''}.",
        "",
        f"{int(plan.outcome.selected.sum()):,} of {len(plan.known.facts):,} particles were selected.",
        _where_classes_come_from(plan),
        "",
        "Classes (number, name, particles):",
        *(f"  {each.number or '-':>3}  {each.name}: {each.count:,}{_in_brackets(each.note)}" for each in facts.counts),
        "",
        "How many are expected to be right is measured on the project's random evaluation sample, which experts label "
        "blind and no model is trained on; only its reporting half counts.",
    ]
    if request.filters.tomograms is not None:
        lines.append("It is measured over all tomograms, not only those of this export.")
    lines += [
        "",
        f"{MANIFEST} lists every file with its size and SHA-256; {CLASSES} says which class each number means "
        "(0: unsure, or no label and no prediction).",
    ]
    if request.volumes != "none":
        lines.append("The k-th volume of a set under volumes/ is the particle in row k of the list of that name.")
    if request.rewrite_images:
        lines.append("rlnImageName counts from this folder: put its contents into the folder RELION runs in.")
    elif request.format in ("source", "relion") and any(
        IMAGE_COLUMN in each.columns for each in plan.known.facts.sources
    ):
        lines.append("Images are named as in the imported lists: run the next program where those were made.")
    if left_out := count_left_out_as_unlike(plan):
        lines.append(f"{left_out:,} predicted particles are left out by how unlike all classes they are (see filters).")
    lines += _about_places(facts.converted)
    if facts.sums:
        lines.append(f"class_sums/ holds one average a class. Resolutions in {MANIFEST}: {NOT_GOLD}.")
    return "\n".join(lines) + "\n"


def _about_places(places: ConvertedPlaces) -> list[str]:
    """What a list cannot say itself: which voxels its coordinates count, and which of them are not known."""
    lines = []
    known = " and ".join(f"{size:g}" for size in sorted(places.voxel_sizes)[:3] if size > 0)
    if known:
        lines.append(f"Coordinates in voxels count voxels of {known} Å.")
    if missing := places.without_position:
        lines.append(WITHOUT_POSITION.format(missing))
    return lines


def _where_classes_come_from(plan: ExportPlan) -> str:
    said = {
        "labels": "Classes are what people (or imported labels) say.",
        "predictions": "Classes are predictions.",
        "labels-else-predictions": "Classes are what people (or imported labels) say, elsewhere predictions.",
    }[plan.request.classes_from]
    source = prediction_source(plan.known.predictions)
    if source.kind == "cycle":
        sure = "calibrated" if source.calibrated else "not calibrated"
        said += f" Predictions: model of cycle {source.cycle}; confidence is {sure}; it scored {source.scored:,}."
    elif source.kind == "import":
        said += f" Predictions: {source.scored:,} that came with the imported lists."
    return said


def _in_brackets(note: str) -> str:
    return f" ({note})" if note else ""
