"""Wire types of imports: what to import and how, what a preview of it tells, and the request as a job keeps it."""

import re
import uuid
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tomosift.pool.label_schemas import LabelImport
from tomosift.pool.schemas import LabelOut, RelativePath

VoxelSize = Annotated[float | None, Field(gt=0, le=1000)]

SMALLEST_BOX, LARGEST_BOX = 8, 256
DEFAULT_PATTERN = "{tomogram}.mrc"


class TomogramsIn(BaseModel):
    """Where the tomograms of a list are: a folder, a table of paths, or a copick project; and what tells their sizes.

    Paths are absolute, in one of the server's import folders; with an upload they count from its top.
    """

    model_config = ConfigDict(extra="forbid")

    folder: RelativePath | None = Field(default=None, description="A folder that holds one file a tomogram.")
    pattern: str = Field(
        default=DEFAULT_PATTERN,
        max_length=300,
        description="The files' names below `folder`: `{tomogram}` stands for the tomogram's name, `{tomogram:03}` for "
        "its number with leading zeros, `*` for anything.",
    )
    list: RelativePath | None = Field(
        default=None,
        description="A table (CSV or STAR) with the columns tomogram and path, and voxel_size if headers lack it.",
    )
    tomograms_star: RelativePath | None = Field(
        default=None,
        description="RELION's tomograms.star: unbinned sizes, and the reconstructed tomograms if it names them.",
    )
    copick: RelativePath | None = Field(default=None, description="A copick project: its folder or configuration.")
    copick_tomogram: str | None = Field(
        default=None, max_length=100, description="Which kind of its tomograms: `wbp`, or `10.012/wbp` with a spacing."
    )
    voxel_size_angstrom: VoxelSize = Field(
        default=None, description="Å per voxel of the tomograms, if their headers do not say or say it wrong."
    )

    @field_validator("pattern")
    @classmethod
    def _below_the_folder(cls, pattern: str) -> str:
        if not re.search(r"\{tomogram(:0?\d)?\}", pattern):
            raise ValueError("the pattern must hold {tomogram}, or {tomogram:03} for a number with leading zeros")
        if pattern.startswith("/") or ".." in pattern.split("/") or "**" in pattern or "\0" in pattern:
            raise ValueError("the pattern must stay below the folder: no leading /, no .., no **")
        return pattern

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        places = [each for each in (self.folder, self.list, self.copick) if each is not None]
        if len(places) > 1 or (not places and self.tomograms_star is None):
            raise ValueError("say where the tomograms are by one of folder, list, copick, or by tomograms_star")
        return self


class CutIn(BaseModel):
    """How boxes are cut out of the tomograms."""

    model_config = ConfigDict(extra="forbid")

    box_size: int = Field(ge=SMALLEST_BOX, le=LARGEST_BOX, description="Voxels along each edge, after any rescaling.")
    voxel_size_angstrom: VoxelSize = Field(
        default=None, description="Rescale to so many Å per voxel; left out: the tomograms' own."
    )
    invert: bool = Field(default=False, description="Turn the contrast over: dark becomes bright.")
    normalise: Literal["none", "zscore"] = Field(
        default="none", description="`zscore`: each box gets mean 0 and standard deviation 1."
    )


class ImportOptions(BaseModel):
    """How a list is imported, wherever it lies."""

    model_config = ConfigDict(extra="forbid")

    format: str | None = Field(
        default=None, max_length=40, description="A key of the list formats; left out: recognised from the content."
    )
    voxel_size_angstrom: VoxelSize = Field(
        default=None,
        description="Å per voxel, if the files do not say or say it wrong: of the cubes, or (with `cut`) of the voxels "
        "that the list's coordinates count.",
    )
    tomogram: str | None = Field(
        default=None,
        min_length=1,
        max_length=300,
        description="All particles lie in this tomogram, whatever the list (or its file's name) says.",
    )
    tomograms: TomogramsIn | None = Field(
        default=None, description="The tomograms, to cut boxes from or to show each particle's surroundings."
    )
    cut: CutIn | None = Field(default=None, description="Cut boxes out of `tomograms` instead of reading images.")
    replace_volumes: bool = Field(
        default=False,
        description="Give the particles that are in the project already these voxels instead (another box or voxel "
        "size); labels stay. The list must hold every particle of the project.",
    )

    labels: LabelImport | None = Field(
        default=None, description="Make labels of a column of the list, once the particles are in the pool."
    )

    @model_validator(mode="after")
    def _cut_needs_tomograms(self) -> Self:
        if self.cut is not None and self.tomograms is None:
            raise ValueError("cut needs tomograms: say where they are")
        return self


class ImportPath(ImportOptions):
    """Import a list the server can read itself."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"path": "/data/TS_01/particles.star"}})

    path: RelativePath = Field(description="Absolute path of the list, in one of the server's import folders.")


class ImportUpload(ImportOptions):
    """Import a list that was uploaded."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"upload_id": "5f2f3c1e-2f7e-4c55-9f0a-3f4f2c1f8f11", "list": "particles.star"}},
    )

    upload_id: uuid.UUID
    list: RelativePath = Field(description="The list's path in the upload; `.` for the upload as a folder of volumes.")


class RowProblemOut(BaseModel):
    """What is wrong with a row of the list."""

    row: int | None = Field(description="Counts the particles from 1; null: the whole file.")
    column: str | None
    reason: str


class ClassValue(BaseModel):
    """A value of the list's class column."""

    value: str
    count: int


class PreviewSample(BaseModel):
    """A sample volume of a preview."""

    number: int
    row: int = Field(description="Its row in the list, from 1.")
    name: str
    tomogram: str | None
    padded: float = Field(description="The part of its box that lies outside the tomogram, 0 to 1.")
    volume_url: str


class ImportPreview(BaseModel):
    """What an import would do, found out without writing anything."""

    name: str
    format: str
    format_title: str
    flavour: str
    row_count: int
    tomogram_count: int
    tomograms: list[str] = Field(description="Some of their names.")
    kind: Literal["images", "cut", "coordinates"] = Field(
        description="Voxels come from image files, are cut from tomograms, or the list holds coordinates alone "
        "(then tomograms must be given)."
    )
    box_size: int | None
    voxel_size_angstrom: float | None
    voxel_size_origin: str = Field(description="Where the voxel size comes from, in words; empty: unknown.")
    new_count: int = Field(description="Particles that would come in.")
    already_there: int = Field(description="Particles that are in the project already.")
    class_column: str | None
    class_values: list[ClassValue] = Field(description="Up to 30, the most frequent first.")
    class_value_count: int
    padded_count: int = Field(description="Boxes that reach over the tomogram's edge.")
    samples: list[PreviewSample]
    warnings: list[str] = Field(description="What looks wrong and may still be right.")
    notes: list[str] = Field(description="What was found odd and is dealt with.")
    errors: list[RowProblemOut] = Field(description="What would stop the import.")


class Neighbour(BaseModel):
    """A particle of the same tomogram, near the one asked about."""

    id: int
    name: str
    dx: float = Field(description="Its centre minus that of the particle asked about, in Å (see `unit`).")
    dy: float
    dz: float
    volume_url: str
    label: LabelOut | None = Field(description="Null also for items of the evaluation sample, which are decided blind.")
    may_be_chosen: bool = Field(description="Whether it can be decided without being asked: not the evaluation sample.")


class Neighbours(BaseModel):
    """What lies around a particle in its tomogram."""

    tomogram: str
    unit: Literal["angstrom", "voxel"] = Field(
        description="What the offsets count: Å, or voxels of the tomogram where their size is unknown."
    )
    box: float = Field(description="Edge of the particle's own box, in the same unit.")
    has_surroundings: bool = Field(description="Whether there is a picture of the tomogram around it.")
    items: list[Neighbour] = Field(description="The nearest first.")
