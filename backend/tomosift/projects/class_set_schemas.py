"""Wire types of the class set: its classes with their examples, what changes it, and what a change would do."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tomosift.projects.schemas import ClassIn, ClassName, ClassOut, Color, Description

Hotkey = Annotated[str, StringConstraints(pattern=r"^[1-9]$"), Field(examples=["3"])]

_CLASS_ID = "5f0e0a66-9f0b-4b57-8d3a-6a3a6ad0c111"
_OTHER_ID = "5f0e0a66-9f0b-4b57-8d3a-6a3a6ad0c112"


class ClassPatch(BaseModel):
    """Changes to a class; what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "80S ribosome", "hotkey": "1"}})

    name: ClassName | None = None
    color: Color | None = None
    hotkey: Hotkey | None = Field(default=None, description="The key that chooses it; another class gives it up.")
    description: Description | None = Field(default=None, description="The guidelines, as plain text.")
    place: int | None = Field(default=None, ge=0, le=10_000, description="Where it stands among the classes, from 0.")


class Merge(BaseModel):
    """Retire a class; its labels count as those of another one from now on."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"kind": "merge", "class_id": _CLASS_ID, "into_id": _OTHER_ID}}
    )

    kind: Literal["merge"]
    class_id: uuid.UUID
    into_id: uuid.UUID


class Retire(BaseModel):
    """Retire a class: decisions for it count no more. `ask_again` puts its items back into the queue."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"kind": "retire", "class_id": _CLASS_ID, "ask_again": True}}
    )

    kind: Literal["retire"]
    class_id: uuid.UUID
    ask_again: bool = False


class Split(BaseModel):
    """Add classes, and put the items of a class back into the queue. Without `keep` that class is retired."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"kind": "split", "class_id": _CLASS_ID, "into": [{"name": "open"}, {"name": "closed"}]}
        },
    )

    kind: Literal["split"]
    class_id: uuid.UUID
    into: list[ClassIn] = Field(min_length=1, max_length=20)
    keep: bool = Field(default=False, description="Whether the class stays, and its labels until they are given anew.")

    @model_validator(mode="after")
    def _named_once(self) -> "Split":
        if len({each.name.lower() for each in self.into}) < len(self.into):
            raise ValueError("two of the new classes have the same name")
        return self


class Restore(BaseModel):
    """Take a class back that was merged or retired; its decisions count for it again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"kind": "restore", "class_id": _CLASS_ID}})

    kind: Literal["restore"]
    class_id: uuid.UUID


ClassSetChangeIn = Annotated[Merge | Retire | Split | Restore, Field(discriminator="kind")]


class Consequence(BaseModel):
    """What a change of the class set does to what is there."""

    kind: Literal["merge", "retire", "split", "restore"]
    class_name: str
    labels: int = Field(description="Labels of the pool that are concerned.")
    evaluation_labels: int = Field(description="The same in the evaluation sample.")
    models: int = Field(description="Trained models that know the class.")
    examples: int = Field(description="Its reference examples.")
    asked_again: int = Field(description="Items that go back into the queue.")
    by_job: bool = Field(description="So many labels that a job changes them: it takes a minute or so.")
    sentences: list[str] = Field(description="The same in words.")


class ClassSetChanged(BaseModel):
    """A change that was made."""

    class_set_version: int
    version: int = Field(description="The project's version now: its ETag.")
    consequence: Consequence


class ClassInSet(ClassOut):
    """A class with what shows it, and how many labels it has."""

    labels: int = Field(description="Labels in the pool; the evaluation sample is not counted.")
    examples: list[int] = Field(description="Subtomograms that show what it looks like.")


class RetiredClass(BaseModel):
    """A class that is no longer given."""

    id: uuid.UUID
    name: str
    color: str
    retired_in_version: int
    merged_into_id: uuid.UUID | None = Field(description="The class it was merged into; null: it counts for nothing.")


class ClassSetOut(BaseModel):
    """The class set as it is. Its ETag is the project's."""

    class_set_version: int
    classes: list[ClassInSet]
    retired: list[RetiredClass]


class ClassSetChangeOut(BaseModel):
    """What made a version of the class set."""

    version: int
    kind: Literal["add", "change", "merge", "split", "retire", "restore"]
    details: dict[str, Any]
    changed_by: str | None = Field(description="Display name; null where a file brought it.")
    created_at: datetime
