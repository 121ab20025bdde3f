"""Wire types of what a cycle says of its own quality."""

import uuid
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Interval = Annotated[list[float], Field(min_length=2, max_length=2, description="From low to high.")]


class ClassMetrics(BaseModel):
    """How well one class is found, on the report half. Intervals are 95 % (Clopper and Pearson)."""

    name: str
    n: int = Field(description="Evaluation items that the expert gave this class.")
    predicted: int | None = Field(default=None, description="Evaluation items that the model calls so.")
    precision: float | None
    recall: float | None
    f1: float | None = None
    precision_interval: Interval | None = None
    recall_interval: Interval | None = None
    f1_interval: Interval | None = None


class ReliabilityBin(BaseModel):
    """The items of the report half whose confidence is from `start` to `end`."""

    start: float
    end: float
    n: int
    weight: float = Field(description="Its share of all items.")
    confidence: float = Field(description="Their mean confidence.")
    accuracy: float = Field(description="The share that is right.")
    low: float = Field(description="95 % interval (Wilson) of the share.")
    high: float


class Calibration(BaseModel):
    """Temperature fitted on the calibration half, and the calibration error before and after."""

    model_config = ConfigDict(extra="allow")

    temperature: float
    n: int
    ece_before: float | None
    ece_after: float | None
    reliability_before: list[ReliabilityBin] = Field(default_factory=list, description="Bins that hold items.")
    reliability_after: list[ReliabilityBin] = Field(default_factory=list)


class Agreement(BaseModel):
    """How far the model agrees with that of the cycle before about the items both have scored."""

    previous_cycle: int
    n: int
    changed: float = Field(description="The share whose predicted class changed.")
    kappa: float | None = Field(description="Cohen's kappa; None where both call everything one class.")


class Gain(BaseModel):
    """Accuracy gained over some cycles, on the same evaluation items, with its 95 % interval (Agresti and Min)."""

    gain: float
    low: float
    high: float
    n: int
    cycles: int
    labels: int = Field(description="Training labels given in between.")


class StoppingAdvice(BaseModel):
    """Whether more labels are worth it. Advice only: nothing stops by itself."""

    verdict: Literal["too-early", "go-on", "undecided", "consider-stopping"]
    text: str
    gain: Gain | None
    expected_gain: float | None = Field(
        description="What the next batch brings at the pace of the last cycles, at most."
    )


class LabelErrorCount(BaseModel):
    """How many training labels look wrong."""

    judged: int = Field(description="Labels of classes with at least 5 of them.")
    expected: int | None = Field(
        description="About so many are wrong; null where the network is right too rarely to tell, or nobody knows how "
        "often it is: it would count its own errors."
    )
    found: int = Field(description="So many look wrong one by one.")


class LabelSaid(BaseModel):
    """A class or junk."""

    kind: Literal["class", "junk"]
    class_id: uuid.UUID | None


class LikelyLabelError(BaseModel):
    """A training label that classifiers which did not see it contradict."""

    subtomogram_id: int
    name: str
    volume_url: str
    given: LabelSaid
    suggested: LabelSaid
    score: float = Field(description="How much likelier the suggestion is, 0 to 1.")
    reason: str
    still_stands: bool = Field(description="Whether the label is today what it was for the cycle.")


class LikelyLabelErrors(BaseModel):
    """The list of a cycle, the likeliest first."""

    items: list[LikelyLabelError] = Field(description="At most 500.")
    expected: int | None = Field(
        description="About so many of the judged labels are wrong; null where nobody can tell."
    )
    judged: int


class Chance(LabelSaid):
    """How probable a class or junk is."""

    probability: float = Field(description="0 to 1, calibrated where the cycle could.")


class ModelView(BaseModel):
    """What the model that serves the project says about one subtomogram."""

    cycle: int
    prediction: LabelSaid
    confidence: float = Field(description="0 to 1, calibrated where the cycle could.")
    choices: list[Chance] = Field(
        description="All it can tell apart, the most probable first. A merged class counts as the one it was merged "
        "into; what it says of a retired one is left out."
    )
    unlike: float | None = Field(
        description="How unlike all classes, 0 to 1: of their own particles at most the rest lies so far out."
    )
