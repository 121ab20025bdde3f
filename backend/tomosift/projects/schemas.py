"""Wire types of the projects room."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tomosift.accounts.schemas import UserOut
from tomosift.kit.label_rule import SINGLE, LabelRule
from tomosift.kit.queue_layout import DEFAULT_INTERLEAVE, DEFAULT_OVERLAP_OPINIONS
from tomosift.projects.roles import Role

ProteinContrast = Annotated[
    Literal["dark", "bright"],
    Field(description="Whether protein is darker or brighter than its surroundings in the volumes."),
]
Slug = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$"),
    Field(description="Short name for addresses and commands: small letters, digits, dashes.", examples=["ribosomes"]),
]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Description = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
ClassName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$"), Field(examples=["#0072b2"])]
Suggestions = Literal["after-deciding", "always", "never"]


class ProjectSettings(BaseModel):
    """How a project samples and asks."""

    model_config = ConfigDict(extra="forbid")

    batch_size: int = Field(default=40, ge=1, le=2000, description="Picks per cycle.")
    evaluation_fraction: float = Field(
        default=0.02, ge=0, le=0.5, description="Part of the pool that is set aside at random to measure accuracy."
    )
    evaluation_minimum: int = Field(default=100, ge=0, le=100_000, description="Smallest evaluation sample.")
    evaluation_maximum: int = Field(default=1000, ge=0, le=100_000, description="Largest evaluation sample.")
    interleave: int = Field(
        default=DEFAULT_INTERLEAVE,
        ge=1,
        le=100,
        description="After so many picks the queue asks for one evaluation item.",
    )
    overlap_share: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Part of the items that several people are asked about, each without knowing of the others. "
        "It holds for what is queued from now on.",
    )
    overlap_opinions: int = Field(
        default=DEFAULT_OVERLAP_OPINIONS, ge=2, le=5, description="How many people are asked about such an item."
    )
    when_empty: Literal["ask", "random"] = Field(
        default="ask",
        description="When the batch is used up: `ask` says so, `random` goes on with random undecided items by itself.",
    )

    label_rule: LabelRule = Field(
        default=SINGLE,
        description="What makes one label of several opinions: `single` the newest one, `majority` what most say, "
        "`dawid-skene` what is most probable given how often each person is right, `crowdlab` the same with the "
        "model's outputs as a further voice. An adjudicated word wins over all.",
    )
    suggestions: Suggestions = Field(
        default="after-deciding",
        description="When annotators see what the newest model makes of a particle: `after-deciding` it, `always`, "
        "`never`. Whatever is decided blind, and the evaluation sample, comes without.",
    )

    @model_validator(mode="after")
    def _ordered(self) -> "ProjectSettings":
        if self.evaluation_minimum > self.evaluation_maximum:
            raise ValueError("evaluation_minimum is larger than evaluation_maximum")
        return self


class ClassIn(BaseModel):
    """A class to be added."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "ribosome", "color": "#0072b2"}})

    name: ClassName
    color: Color | None = Field(default=None, description="Left out: the next free colour of the palette.")
    description: Description = ""


class ClassOut(BaseModel):
    """A class experts sort particles into."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str
    color: str
    position: int = Field(description="Order in lists, from 0.")
    hotkey: str | None = Field(description='"1" to "9" for the first nine classes.')
    description: str


class ProjectIn(BaseModel):
    """A project to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "Ribosomes in situ",
                "classes": [{"name": "ribosome"}, {"name": "proteasome"}, {"name": "membrane"}],
                "protein_contrast": "dark",
            }
        },
    )

    name: Title
    slug: Slug | None = Field(default=None, description="Left out: made from the name.")
    description: Description = ""
    classes: list[ClassIn] = Field(min_length=1, max_length=200)
    protein_contrast: ProteinContrast = "dark"
    settings: ProjectSettings = Field(default_factory=ProjectSettings)


class SettingsPatch(BaseModel):
    """Changes to a project's settings; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    batch_size: int | None = None
    evaluation_fraction: float | None = None
    evaluation_minimum: int | None = None
    evaluation_maximum: int | None = None
    interleave: int | None = None
    overlap_share: float | None = None
    overlap_opinions: int | None = None
    when_empty: Literal["ask", "random"] | None = None
    label_rule: LabelRule | None = None
    suggestions: Suggestions | None = None

    def changes(self) -> dict[str, Any]:
        """The given values."""
        return self.model_dump(exclude_none=True)


class ProjectPatch(BaseModel):
    """Changes to a project; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"settings": {"batch_size": 60}}})

    name: Title | None = None
    description: Description | None = None
    protein_contrast: ProteinContrast | None = None
    settings: SettingsPatch | None = None


class ProjectSummary(BaseModel):
    """A project in a list."""

    id: uuid.UUID
    slug: str
    name: str
    description: str
    created_at: datetime
    pool_size: int = Field(description="Subtomograms in the pool.")
    labeled_count: int = Field(description="Subtomograms with a standing decision.")
    role: Role
    delete_after: datetime | None = Field(description="It is deleted, and gone for good after this time; else null.")


class ProjectOut(BaseModel):
    """A project. Its ETag is `version`."""

    id: uuid.UUID
    slug: str
    name: str
    description: str
    version: int
    box_size: int | None = Field(description="Voxels along each edge; null before the first import.")
    voxel_size_angstrom: float | None
    protein_contrast: ProteinContrast
    class_set_version: int
    classes: list[ClassOut]
    settings: ProjectSettings
    role: Role
    created_at: datetime
    delete_after: datetime | None = Field(description="It is deleted, and gone for good after this time; else null.")


class MemberIn(BaseModel):
    """A role to be given."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"role": "annotator"}})

    role: Role


class MemberOut(BaseModel):
    """A user in a project. Its ETag is `version`."""

    user: UserOut
    role: Role
    version: int
