"""Wire types of label imports: classes that exist already, as labels, as evaluation truth, or as predictions."""

import uuid
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tomosift.pool.schemas import RelativePath

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
ImporterName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Value = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Target = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
LabelUse = Literal["labels", "evaluation-truth", "predictions"]

MOST_MAPPED = 1000


class LabelImport(BaseModel):
    """How the classes in a column become labels: what an import may bring along, too."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    use: LabelUse = Field(
        alias="as",
        description="`labels`: decisions in the importer's name. `evaluation-truth`: the same, but only for items of "
        "the evaluation sample. `predictions`: hints that make the first batch cover every class.",
    )
    importer: ImporterName = Field(
        description="In whose name, so that people see where the labels came from.", examples=["RELION Class3D job042"]
    )
    column: ColumnName | None = Field(
        default=None, description="The column with the classes. Left out: the one this kind of file keeps them in."
    )
    confidence_column: ColumnName | None = Field(
        default=None, description="For predictions: the column with a number from 0 to 1."
    )
    classes: dict[Value, Target | None] = Field(
        default_factory=dict,
        max_length=MOST_MAPPED,
        description="Class (or `junk`, `unsure`) for each value; null leaves the value out. Values that are the name "
        "of a class map by themselves.",
        examples=[{"1": "ribosome", "2": "junk", "3": None}],
    )
    create_classes: bool = Field(default=False, description="Add a class for every name that the project lacks.")

    @model_validator(mode="after")
    def _confidence_of_predictions(self) -> "LabelImport":
        if self.confidence_column is not None and self.use != "predictions":
            raise ValueError("confidence_column goes with predictions only")
        return self


class LabelImportRequest(LabelImport):
    """Labels for particles that are in the pool: from a column of their own list, or from another file."""

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_extra={
            "example": {
                "path": "/data/Class3D/job042/run_it025_data.star",
                "as": "labels",
                "importer": "RELION Class3D job042",
                "classes": {"1": "ribosome", "2": "junk"},
            }
        },
    )

    source_id: uuid.UUID | None = Field(
        default=None, description="Only particles of this list; without a file: labels from this list's own column."
    )
    path: RelativePath | None = Field(
        default=None, description="A CSV, TSV, Parquet file or particle list in one of the server's import folders."
    )
    upload_id: uuid.UUID | None = None
    file: RelativePath | None = Field(default=None, description="The file's path in the upload.")
    key: ColumnName | None = Field(
        default=None,
        description="The file's column that says which particle. Left out: recognised by its name; a particle list is "
        "matched by the particles' places.",
    )
    matches: ColumnName | None = Field(
        default=None,
        description="What the key is: `id` (of the subtomogram), `row` (of the list, from 1), `name`, or a column of "
        "the imported list. Left out: recognised by the key's name.",
    )

    @model_validator(mode="after")
    def _one_place(self) -> "LabelImportRequest":
        if (self.upload_id is None) != (self.file is None):
            raise ValueError("upload_id and file go together")
        if self.path is not None and self.upload_id is not None:
            raise ValueError("give path, or upload_id and file, not both")
        if self.path is None and self.upload_id is None:
            if self.source_id is None:
                raise ValueError("give source_id, path, or upload_id and file")
            if self.key is not None or self.matches is not None:
                raise ValueError("key and matches go with a file")
        return self
