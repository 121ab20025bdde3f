"""Wire types of the cycles room."""

import json
import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from tomosift.cycles.quality_schemas import Agreement, Calibration, ClassMetrics, LabelErrorCount, StoppingAdvice

Stage = Literal["queued", "train", "evaluate", "score", "select", "ready", "failed", "cancelled"]
JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
LONGEST_SETTINGS = 20_000


def _can_be_stored(value: dict[str, Any]) -> dict[str, Any]:
    try:
        written = json.dumps(value, allow_nan=False)
    except ValueError as error:
        raise ValueError("numbers must be finite") from error
    if "\\u0000" in written or len(written) > LONGEST_SETTINGS:
        raise ValueError(f"settings are at most {LONGEST_SETTINGS} characters of JSON without NUL")
    return value


AskedSettings = Annotated[dict[str, Any], AfterValidator(_can_be_stored)]
"""What a cycle is asked for, before it is checked against what the workers know."""
_REPORT_EXAMPLE: JsonDict = {
    "n": 50,
    "accuracy": 0.78,
    "low": 0.65,
    "high": 0.87,
    "balanced_accuracy": 0.74,
    "per_class": [{"name": "barrel", "n": 12, "precision": 0.8, "recall": 0.83}],
    "confusion": {"names": ["barrel"], "rows": [[10]]},
}
_CYCLE_EXAMPLE: JsonDict = {
    "number": 3,
    "stage": "train",
    "settings": {"version": 1, "batch_size": 40},
    "trigger": {"kind": "manual", "reason": "Launched by Ada L."},
    "job": {
        "state": "running",
        "progress": {
            "stage": "train",
            "done": 120,
            "total": 300,
            "rate": 31.5,
            "eta_seconds": 5.7,
            "message": "step 120 of 300",
        },
        "problem": None,
        "log": [{"at": "2026-11-20T12:00:00Z", "level": "info", "message": "120 training labels of 6 classes"}],
    },
    "training_label_count": 120,
    "evaluation_label_count": 60,
    "metrics": None,
    "model_id": None,
    "serves": False,
    "created_at": "2026-11-20T12:00:00Z",
    "finished_at": None,
    "warning": None,
}


class Confusion(BaseModel):
    """Counts: a row per true class, a column per predicted one."""

    names: list[str]
    rows: list[list[int]]


class Report(BaseModel):
    """Accuracy on the report half of the evaluation sample, with a 95 % interval."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": _REPORT_EXAMPLE})

    n: int
    accuracy: float
    low: float
    high: float
    balanced_accuracy: float | None
    per_class: list[ClassMetrics]
    confusion: Confusion


class TrainingFigures(BaseModel):
    """How the training went."""

    model_config = ConfigDict(extra="allow")

    final_loss: float | None
    steps: int
    seconds: float
    samples_per_second: float | None


class CycleMetrics(BaseModel):
    """A model's numbers. `reason` says why a part is missing."""

    model_config = ConfigDict(extra="allow")

    report: Report | None = None
    calibration: Calibration | None = None
    reason: str | None = None
    training: TrainingFigures | None = None
    agreement: Agreement | None = None
    stopping: StoppingAdvice | None = None
    label_errors: LabelErrorCount | None = None


class LogLine(BaseModel):
    """A line that the worker wrote for people."""

    at: datetime
    level: str
    message: str


class CycleJob(BaseModel):
    """The work behind a cycle."""

    state: JobState
    progress: dict[str, Any] = Field(description="`{stage, done, total, rate, eta_seconds, message}`, as far as known.")
    problem: dict[str, Any] | None
    log: list[LogLine] = Field(description="The newest lines; left empty in lists.")


class CycleOut(BaseModel):
    """One turn of the loop."""

    model_config = ConfigDict(json_schema_extra={"example": _CYCLE_EXAMPLE})

    number: int
    stage: Stage
    settings: dict[str, Any]
    trigger: dict[str, Any]
    job: CycleJob
    training_label_count: int | None
    evaluation_label_count: int | None
    metrics: CycleMetrics | None
    model_id: uuid.UUID | None
    serves: bool = Field(description="Whether its model is the one whose predictions are shown and exported.")
    created_at: datetime
    finished_at: datetime | None
    warning: str | None = Field(description="What may keep the cycle from going on, such as a missing worker.")


class CycleRequest(BaseModel):
    """A cycle to be launched."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"settings": {"acquisition": "auto", "batch_size": 40}}},
    )

    settings: AskedSettings = Field(
        default_factory=dict,
        description="`preset` and any setting of `GET /catalogue`'s `settings_schema`; what is left out comes from the "
        "preset, and the batch size from the project.",
    )


class SettingError(BaseModel):
    """A setting that cannot be."""

    where: str = Field(description="Its name with its group's, such as `training.steps`; `settings` for the whole.")
    reason: str


class SettingsCheck(BaseModel):
    """What a launch with these settings would be."""

    settings: dict[str, Any] | None = Field(
        description="Complete, as a cycle would have them; null where one is wrong."
    )
    errors: list[SettingError]


class CurvePoint(BaseModel):
    """One finished cycle: labels that went in, accuracy that came out."""

    cycle_number: int
    training_labels: int
    evaluation_labels: int = Field(description="Evaluation labels of the half that reports.")
    total_labels: int = Field(description="All labels it took, both halves of the evaluation sample included.")
    accuracy: float
    low: float
    high: float
    balanced_accuracy: float | None
    acquisition: str = Field(description="What chose the batch before this cycle's training: the cycle's own setting.")


class ReferencePoint(BaseModel):
    """What random picks would be expected to reach with as many labels as a cycle learned from."""

    cycle_number: int
    total_labels: int
    expected: float
    low: float
    high: float


class RandomReference(BaseModel):
    """The yardstick of the curve: the expectation of random picks, as far as the project's own cycles can tell."""

    rests_on: list[int] = Field(description="The measured cycles that learned from random picks alone.")
    points: list[ReferencePoint] = Field(description="Empty where they are too few.")
    text: str = Field(description="What it is, or why there is none, in a sentence.")


class LearningCurve(BaseModel):
    """Accuracy against labels."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "points": [
                    {
                        "cycle_number": 1,
                        "training_labels": 40,
                        "evaluation_labels": 10,
                        "total_labels": 60,
                        "accuracy": 0.6,
                        "low": 0.31,
                        "high": 0.83,
                        "balanced_accuracy": 0.55,
                        "acquisition": "auto",
                    }
                ],
                "reference": None,
            }
        }
    )

    points: list[CurvePoint]
    reference: RandomReference | None = Field(description="Null while there are no points.")


class SimilarLabel(BaseModel):
    """What counts now for a particle that was found."""

    model_config = ConfigDict(from_attributes=True)

    kind: Literal["class", "unsure", "junk", "skip"]
    class_id: uuid.UUID | None


class SimilarParticle(BaseModel):
    """A particle that looks like the one asked about."""

    id: int
    name: str
    volume_url: str
    similarity: float = Field(description="Cosine of the two standardised embeddings: 1 the same, 0 unrelated.")
    label: SimilarLabel | None = Field(description="Null also for items of the evaluation sample.")


class SimilarParticles(BaseModel):
    """What looks like a particle, most similar first."""

    cycle_number: int = Field(description="The cycle in whose eyes they are alike.")
    labels_withheld: str | None = Field(
        description="Why no labels are told: they would suggest an answer. Then `labeled` is empty."
    )
    items: list[SimilarParticle] = Field(description="Of the whole pool.")
    labeled: list[SimilarParticle] = Field(description="Of those with a label, without the evaluation sample.")
