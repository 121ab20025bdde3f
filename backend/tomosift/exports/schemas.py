"""Wire types of the exports room: what to write, what it will hold, and what was written."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tomosift.formats.list_writer import LIST_WRITERS


def _known_format(key: str) -> str:
    if key not in FORMAT_KEYS:
        raise ValueError(f"{key[:60]!r} is no format; use one of {', '.join(FORMAT_KEYS)}")
    return key


FORMAT_KEYS = ("source", *(each.key for each in LIST_WRITERS))
ExportFormat = Annotated[
    str,
    StringConstraints(max_length=60),
    AfterValidator(_known_format),
    Field(json_schema_extra={"enum": [*FORMAT_KEYS]}),
]
Layout = Literal["one-file", "per-class", "selection-and-rest"]
Column = Literal[
    "label", "annotators", "agreement", "label-rule", "predicted-class", "confidence", "decided-by", "unlike"
]
ClassesFrom = Literal["labels", "predictions", "labels-else-predictions"]
DecidedBy = Literal["expert", "importer", "model"]
VolumesAs = Literal["none", "mrc-cubes", "mrc-stack", "ome-zarr"]

Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Names = Annotated[list[Name], Field(min_length=1, max_length=10_000)]


class ExportFilters(BaseModel):
    """Which particles. What is left out does not filter; what is given must hold all at once."""

    model_config = ConfigDict(extra="forbid")

    classes: Names | None = Field(
        default=None,
        description="Classes by name or id, and `junk`, `unsure`, `unlabeled` (no label and no prediction).",
        examples=[["ribosome", "junk"]],
    )
    decided_by: list[DecidedBy] | None = Field(
        default=None, min_length=1, description="Who gave the exported class: an expert, an importer's file or a model."
    )
    annotators: Names | None = Field(
        default=None, description="Login names: particles about which one of them has an opinion that counts."
    )
    min_confidence: Share | None = Field(
        default=None, description="Least calibrated confidence of classes a model gave; what people decided stays."
    )
    min_agreement: Share | None = Field(
        default=None, description="Least share of opinions that say the label; classes a model gave stay."
    )
    max_unlike: Share | None = Field(
        default=None,
        description="Leave out what a model decided and is more unlike all classes than this; what people decided "
        "stays. 0.95: of the classes' own particles at most 5 % are left out.",
    )
    min_unlike: Share | None = Field(
        default=None, description="Only what a model decided and is at least so unlike all classes, to look at it."
    )
    tomograms: Names | None = None


class Choice(BaseModel):
    """Where classes come from, and which particles: what a preview and an export share."""

    model_config = ConfigDict(extra="forbid")

    classes_from: ClassesFrom = "labels-else-predictions"
    cycle: int | None = Field(
        default=None, ge=1, description="Predictions of this cycle. Default: the one whose model serves."
    )
    filters: ExportFilters = Field(default_factory=ExportFilters)


class Wedge(BaseModel):
    """The tilt range of the data, for the compensation of the missing wedge in class sums."""

    model_config = ConfigDict(extra="forbid")

    minimum_degrees: float = Field(default=-60.0, ge=-90, lt=0)
    maximum_degrees: float = Field(default=60.0, gt=0, le=90)


class ExportIn(Choice):
    """What to write."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "format": "source",
                "layout": "per-class",
                "columns": ["label", "confidence"],
                "filters": {"classes": ["ribosome"], "min_confidence": 0.9},
            }
        },
    )

    format: ExportFormat = Field(
        default="source", description="`source`: each list as it came, every column in its place; or another format."
    )
    layout: Layout = "one-file"
    columns: list[Column] = Field(default=["label", "decided-by", "confidence"], description="Columns to add.")
    class_number: Literal["set", "keep"] = Field(
        default="set",
        description="`set`: rlnClassNumber (or its like) becomes the class's number in classes.star; `keep`: it stays.",
    )
    volumes: VolumesAs = "none"
    rewrite_images: bool = Field(default=False, description="Let rlnImageName name the exported volumes.")
    class_sums: bool = Field(default=False, description="Also write each class's sum as .mrc.")
    wedge: Wedge | None = Field(default=None, description="Compensate the missing wedge in class sums.")

    @model_validator(mode="after")
    def _fits_together(self) -> "ExportIn":
        if self.rewrite_images and self.volumes not in ("mrc-cubes", "mrc-stack"):
            raise ValueError("rewrite_images needs volumes to be mrc-cubes or mrc-stack")
        if self.rewrite_images and self.format != "source":
            raise ValueError("rewrite_images needs format source")
        if self.wedge is not None and not self.class_sums:
            raise ValueError("wedge needs class_sums")
        return self


class Precision(BaseModel):
    """The share of particles whose class is right, from the reporting half of the evaluation sample."""

    n: int = Field(description="Evaluation items it rests on: labeled blind, and predicted to be of this class.")
    share: float | None = Field(description="None where n is 0.")
    low: float | None = Field(description="95 % interval (Clopper and Pearson).")
    high: float | None
    note: str | None = Field(description="Says so where n is too small to rely on.")


class Rechecked(BaseModel):
    """Particles of a class with more than one opinion."""

    agree: int = Field(description="Those whose opinions are all the same.")
    of: int


class ExportedClass(BaseModel):
    """How many particles of a class are selected, who decided, and what fraction is expected to be right."""

    name: str = Field(description="The class's name, or junk, unsure, unlabeled.")
    number: int = Field(description="Its number in exported files; 0: none.")
    count: int
    by_expert: int
    by_importer: int
    by_model: int
    precision: Precision | None = Field(description="Of what the model decided; none without such particles.")
    rechecked: Rechecked | None = Field(description="Of what people decided; none where nothing has two opinions.")
    note: str = Field(description="The same in words.")


class ThresholdRow(BaseModel):
    """What a confidence of at least so much would select, everything else as asked."""

    confidence: float
    count: int
    by_model: int
    precision: Precision | None = Field(description="Over all selected classes, of what the model decided.")


class ClassPurity(BaseModel):
    """A class at each threshold: lists of one length, in the order of the thresholds."""

    name: str = Field(description="The class's name or junk; for all classes together: all.")
    count: list[int] = Field(description="Particles nobody has labeled that the model calls so, at least this sure.")
    n: list[int] = Field(description="Labeled evaluation items the shares rest on.")
    share: list[float | None] = Field(description="The share expected to be right; None where n is 0.")
    low: list[float | None] = Field(description="95 % interval (Clopper and Pearson).")
    high: list[float | None]


class Purity(BaseModel):
    """What fraction of each class is expected to be right at each least confidence, and how many particles pass."""

    cycle: int
    calibrated: bool
    thresholds: list[float]
    classes: list[ClassPurity] = Field(description="All classes together first.")


class PredictionSource(BaseModel):
    """Where predictions come from."""

    kind: Literal["cycle", "import", "none"]
    cycle: int | None = None
    calibrated: bool = False
    scored: int = Field(default=0, description="Particles with a prediction.")


class ExportPreview(BaseModel):
    """What an export of this choice would hold."""

    total: int = Field(description="Particles in the project.")
    selected: int
    classes: list[ExportedClass]
    chosen: ThresholdRow = Field(description="At the confidence that was asked for.")
    thresholds: list[ThresholdRow]
    predictions: PredictionSource


class ExportedFile(BaseModel):
    """A file of an export."""

    path: str = Field(examples=["particles_ribosome.star"])
    bytes: int
    sha256: str
    particles: int | None = Field(default=None, description="Rows of a list.")


class ExportOut(BaseModel):
    """An export in the list."""

    id: uuid.UUID = Field(description="The job's id: follow it at /jobs/{id}.")
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    request: ExportIn
    created_by: str | None = Field(description="Display name of who asked for it; null where the account is gone.")
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="Its files are deleted then.")
    available: bool = Field(description="Whether the files can be fetched.")
    particles: int | None
    file_count: int | None
    bytes: int | None


class ExportDetail(ExportOut):
    """An export with its files; the manifest has the complete list."""

    files: list[ExportedFile] = Field(description="At most 1,000.")
    classes: list[ExportedClass]
    manifest_sha256: str | None


class WritableFormat(BaseModel):
    """A format an export can have."""

    key: str
    title: str
