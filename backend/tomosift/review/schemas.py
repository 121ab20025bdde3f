"""Wire types of the review room."""

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from tomosift.annotation.schemas import Comment, Confidence, LabelKind, LabelOut, SubtomogramBrief
from tomosift.kit.label_rule import LabelRule

_CLASS_ID = "5f0e0a66-9f0b-4b57-8d3a-6a3a6ad0c111"
_SHARE_EXAMPLE: JsonDict = {"n": 120, "value": 0.9, "low": 0.833, "high": 0.942}
_REVIEW_EXAMPLE: JsonDict = {
    "subtomogram": {
        "id": 4711,
        "name": "TS_01/000012",
        "tomogram": "TS_01",
        "source_row": 12,
        "box_size": 28,
        "voxel_size_angstrom": 13.5,
        "volume_url": "/api/v1/projects/demo/subtomograms/4711/volume?h=9f2c",
    },
    "in_evaluation": False,
    "label": {
        "kind": "unsure",
        "class_id": None,
        "rule": "majority",
        "opinion_count": 2,
        "agreement": 0.5,
        "confidence": None,
        "is_disputed": True,
    },
    "opinions": [
        {
            "event_id": 20231,
            "user": "ada",
            "display_name": "Ada Lovelace",
            "kind": "class",
            "class_id": _CLASS_ID,
            "confidence": 3,
            "comment": None,
            "late": False,
            "imported": False,
            "work": "query",
            "duration_ms": 2140,
            "at": "2026-11-20T12:01:00Z",
        }
    ],
}


class OpinionOut(BaseModel):
    """What one person said of a subtomogram, and nobody has taken back. A `comment` is words only."""

    event_id: int
    user: str
    display_name: str
    kind: Literal["class", "unsure", "junk", "skip", "comment"]
    class_id: uuid.UUID | None
    confidence: int | None = Field(description="How sure they were: 1 not very, 2 fairly, 3 certain.")
    comment: str | None
    late: bool = Field(description="Somebody else had the item by then.")
    imported: bool = Field(description="A file said it, not a person.")
    work: str = Field(description="What they were asked for; `adjudication` settles a dispute.")
    duration_ms: int | None
    at: datetime


class DerivedLabelOut(LabelOut):
    """What counts now, and how it came about."""

    rule: str = Field(description="single, majority, dawid-skene, crowdlab or adjudicated.")
    opinion_count: int = Field(description="People whose opinion counts; files where no person said anything.")
    agreement: float | None = Field(description="Share of them that says the label; in a tie, that of a leading one.")
    confidence: float | None = Field(description="Probability of the label, by a rule with a model of its annotators.")
    is_disputed: bool


class ReviewItem(BaseModel):
    """A subtomogram with everything that was said about it, the oldest first."""

    model_config = ConfigDict(json_schema_extra={"example": _REVIEW_EXAMPLE})

    subtomogram: SubtomogramBrief
    in_evaluation: bool
    label: DerivedLabelOut | None
    opinions: list[OpinionOut]


class AdjudicationIn(BaseModel):
    """The word that settles it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"kind": "class", "class_id": _CLASS_ID, "comment": "two rings"}}
    )

    kind: Literal["class", "unsure", "junk"]
    class_id: uuid.UUID | None = Field(default=None, description="The class, for kind `class` only.")
    confidence: Confidence | None = None
    comment: Comment | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "AdjudicationIn":
        if (self.kind == "class") != (self.class_id is not None):
            raise ValueError("give class_id with kind `class`, and with no other kind")
        return self


class AdjudicationOut(BaseModel):
    """The dispute is settled; an undo of this event opens it again."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"event_id": 20240, "label": {"kind": "class", "class_id": _CLASS_ID}}}
    )

    event_id: int
    label: LabelOut


class Share(BaseModel):
    """A share of n with its 95 % interval (Wilson); null where n is 0."""

    model_config = ConfigDict(json_schema_extra={"example": _SHARE_EXAMPLE})

    n: int
    value: float | None
    low: float | None
    high: float | None


class Kappa(BaseModel):
    """Agreement beyond chance with its 95 % interval; null where it is not defined."""

    n: int = Field(description="Subtomograms it rests on.")
    observed: float | None = Field(description="Share of pairs of opinions that are the same.")
    value: float | None = Field(description="1: always the same; 0: no better than chance.")
    low: float | None
    high: float | None


class ValueKappa(Kappa):
    """Agreement on one class, junk or unsure against everything else."""

    n: int = Field(description="Subtomograms of which at least one person said it.")
    kind: LabelKind
    class_id: uuid.UUID | None
    opinions: int = Field(description="How many opinions say it.")


class PairKappa(Kappa):
    """Cohen's kappa of two people."""

    users: tuple[str, str]


class AgreementOut(BaseModel):
    """How far the people of a project agree, on subtomograms that at least two of them decided."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "as_of_event_id": 20231,
                "subtomograms": 120,
                "opinions": 247,
                "overall": {"n": 120, "observed": 0.91, "value": 0.87, "low": 0.8, "high": 0.93},
                "by_value": [
                    {
                        "kind": "class",
                        "class_id": _CLASS_ID,
                        "opinions": 83,
                        "n": 45,
                        "observed": 0.95,
                        "value": 0.9,
                        "low": 0.82,
                        "high": 0.97,
                    }
                ],
                "pairs": [
                    {"users": ["ada", "ben"], "n": 64, "observed": 0.92, "value": 0.88, "low": 0.79, "high": 0.97}
                ],
            }
        }
    )

    as_of_event_id: int = Field(description="The newest event that is counted.")
    subtomograms: int = Field(description="Those with opinions of at least two people.")
    opinions: int
    overall: Kappa = Field(description="Fleiss' kappa; interval by bootstrap over subtomograms.")
    by_value: list[ValueKappa] = Field(description="Fleiss' kappa of each value against the rest, by bootstrap.")
    pairs: list[PairKappa] = Field(description="Cohen's kappa, asymptotic interval; the pair with most items first.")


class ClassStatistics(BaseModel):
    """One person's decisions for one class, junk or unsure."""

    kind: LabelKind
    class_id: uuid.UUID | None
    decisions: int
    with_others: Share = Field(description="Share of other people's opinions on these that say the same.")


class AnnotatorStatistics(BaseModel):
    """What one person has done in a project. Adjudications are counted apart; what was taken back is not counted."""

    user: str
    display_name: str
    decisions: int = Field(description="Subtomograms with an opinion of theirs.")
    skipped: int
    adjudications: int
    comments: int
    late: int
    last_24_hours: int = Field(description="Decisions of the last 24 hours.")
    median_seconds: float | None = Field(description="Median time spent on a decision.")
    with_others: Share = Field(description="Share of other people's opinions on the same subtomograms that agree.")
    with_consensus: Share = Field(
        description="Share of their opinions that are the label, where others decided too. The label contains them."
    )
    with_adjudicator: Share = Field(description="Share that agrees with what somebody else adjudicated.")
    in_evaluation: Share = Field(description="The same, for the random evaluation sample alone.")
    by_value: list[ClassStatistics]


class AnnotatorsOut(BaseModel):
    """Statistics of everybody, or of yourself where you are no curator."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "as_of_event_id": 20231,
                "annotators": [
                    {
                        "user": "ada",
                        "display_name": "Ada Lovelace",
                        "decisions": 412,
                        "skipped": 3,
                        "adjudications": 0,
                        "comments": 5,
                        "late": 1,
                        "last_24_hours": 80,
                        "median_seconds": 2.4,
                        "with_others": _SHARE_EXAMPLE,
                        "with_consensus": _SHARE_EXAMPLE,
                        "with_adjudicator": {"n": 0, "value": None, "low": None, "high": None},
                        "in_evaluation": {"n": 0, "value": None, "low": None, "high": None},
                        "by_value": [
                            {"kind": "class", "class_id": _CLASS_ID, "decisions": 300, "with_others": _SHARE_EXAMPLE}
                        ],
                    }
                ],
            }
        }
    )

    as_of_event_id: int = Field(description="The newest event that is counted.")
    annotators: list[AnnotatorStatistics]


class LabelChange(BaseModel):
    """How many labels change from one value to another. A tie becomes `unsure`, which trains nothing."""

    before: LabelOut | None
    after: LabelOut | None
    count: int


class LabelRulePreview(BaseModel):
    """What another rule would make of the opinions that stand. Nothing is changed."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rule": "majority",
                "now": "single",
                "labels": 400,
                "changed": 9,
                "training_labels_before": 371,
                "training_labels_after": 368,
                "disputed": 14,
                "by_rule": {"majority": 398, "adjudicated": 2},
                "changes": [
                    {
                        "before": {"kind": "class", "class_id": _CLASS_ID},
                        "after": {"kind": "unsure", "class_id": None},
                        "count": 6,
                    }
                ],
                "note": None,
            }
        }
    )

    rule: LabelRule
    now: LabelRule
    labels: int = Field(description="Subtomograms with a label.")
    changed: int = Field(description="Those whose label would be another one.")
    training_labels_before: int = Field(description="Class and junk labels now, evaluation sample left out.")
    training_labels_after: int
    disputed: int
    by_rule: dict[str, int] = Field(description="By which rule each label would come about.")
    changes: list[LabelChange] = Field(description="The most frequent first, at most 100.")
    note: str | None = Field(description="Where the rule cannot be used as it is: what is done instead.")
