"""Wire types of the annotation room: tasks, leases, decisions, progress."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict

MOST_TASKS_AT_ONCE = 8
LONGEST_LOOK_MS = 24 * 3600 * 1000

IdempotencyKey = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$"),
    Field(description="A fresh random name for this action (a UUID). Send the same one when you repeat it."),
]
Work = Annotated[
    Literal["query", "evaluation", "recheck", "label-error", "adjudication"],
    Field(
        description="`query`: a pick of the batch. `evaluation`: of the random sample that measures accuracy. "
        "`recheck`: another person's opinion. `label-error`: a second look at a label that looks wrong. "
        "`adjudication`: a curator's last word."
    ),
]
LabelKind = Literal["class", "unsure", "junk", "skip"]
DecisionKind = Literal["class", "unsure", "junk", "skip", "comment"]
Confidence = Annotated[
    int, Field(ge=1, le=3, description="How sure you are of it: 1 not very, 2 fairly, 3 certain.", examples=[3])
]
Comment = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^[^\x00]*$")]
BigId = Annotated[int, Field(ge=1, lt=2**63)]

_QUEUE_EXAMPLE: JsonDict = {
    "open_query": 31,
    "open_evaluation": 88,
    "open_second_look": 4,
    "waiting_for_others": 7,
    "leased_by_others": 2,
    "batch_cycle_number": 3,
    "batch_total": 40,
    "batch_done": 9,
    "is_paused": False,
}
_TASK_EXAMPLE: JsonDict = {
    "lease": {"id": 912, "fencing_token": 912, "expires_at": "2026-11-20T12:20:00Z"},
    "work": "query",
    "subtomogram": {
        "id": 4711,
        "name": "TS_01/000012",
        "tomogram": "TS_01",
        "source_row": 12,
        "box_size": 28,
        "voxel_size_angstrom": 13.5,
        "volume_url": "/api/v1/projects/demo/subtomograms/4711/volume?h=9f2c",
    },
    "pick": {
        "cycle_number": 3,
        "acquisition": "entropy-gradnorm",
        "score": 0.435,
        "rank": 3,
        "batch_size": 40,
        "reason": "Entropy-gradnorm put it at rank 3 of 40.",
    },
}


class LeaseOut(BaseModel):
    """Your hold on one queue item. Nobody else gets the item until it ends."""

    id: int
    fencing_token: int = Field(description="Send it with the decision; a newer holder has a higher one.")
    expires_at: datetime


class SubtomogramBrief(BaseModel):
    """What a viewer needs to show a subtomogram."""

    id: int
    name: str
    tomogram: str | None
    source_row: int = Field(description="Row in its particle list, from 0.")
    box_size: int = Field(description="Edge of the cube, in voxels.")
    voxel_size_angstrom: float | None
    volume_url: str = Field(description="Where its voxels are; the address changes when the voxels do.")


class Pick(BaseModel):
    """Why a query item was chosen."""

    cycle_number: int | None = Field(description="The cycle that chose it; null for a random batch.")
    acquisition: str
    score: float | None
    rank: int | None
    batch_size: int
    reason: str


class Task(BaseModel):
    """One question: look at this subtomogram and decide."""

    model_config = ConfigDict(json_schema_extra={"example": _TASK_EXAMPLE})

    lease: LeaseOut
    work: Work
    subtomogram: SubtomogramBrief
    pick: Pick | None = Field(description="Null for evaluation items and re-checks, decided without any hint.")


class EmptyQueue(BaseModel):
    """Why there is nothing to do, and what to do next."""

    code: Literal[
        "nothing-imported",
        "paused",
        "all-held",
        "lease-limit",
        "no-such-work",
        "batch-done-launch",
        "cycle-running",
        "too-few-classes",
        "too-few-labels",
        "pool-exhausted",
    ]
    title: str
    detail: str
    may_add_random: bool = Field(description="Whether `POST …/tasks/more` would bring further items.")


class QueueStatus(BaseModel):
    """The queue as you see it. `open_…` are items you have not answered, those that others hold included."""

    model_config = ConfigDict(json_schema_extra={"example": _QUEUE_EXAMPLE})

    open_query: int
    open_evaluation: int
    open_second_look: int = Field(description="Re-checks of decided items and likely label errors.")
    waiting_for_others: int = Field(description="Open items that you have answered: they wait for another person.")
    leased_by_others: int
    batch_cycle_number: int | None = Field(description="The cycle that chose the newest batch; null for a random one.")
    batch_total: int
    batch_done: int
    is_paused: bool = Field(description="A curator has paused the queue: nothing is handed out.")


class ClaimRequest(BaseModel):
    """How many further items to reserve."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"count": 4}})

    count: int = Field(default=1, ge=1, le=MOST_TASKS_AT_ONCE)
    resume: bool = Field(
        default=False,
        description="Hand out the items you hold already first, with their time renewed: for a page that was reloaded.",
    )
    work: list[Work] | None = Field(
        default=None,
        min_length=1,
        max_length=5,
        description="Only these kinds of work. Left out: all but adjudication, which is for curators who ask for it.",
    )


class ClaimResponse(BaseModel):
    """The reserved items, in the order to show them, or the reason why there is none."""

    tasks: list[Task]
    empty: EmptyQueue | None
    queue: QueueStatus


class HeartbeatOut(BaseModel):
    """How long the item stays yours."""

    model_config = ConfigDict(json_schema_extra={"example": {"expires_at": "2026-11-20T12:21:00Z"}})

    expires_at: datetime


class MoreTasksOut(BaseModel):
    """What was added to the queue."""

    added: int = Field(description="0 when there is work in the queue already, or nothing undecided is left.")
    queue: QueueStatus


class DecisionIn(BaseModel):
    """What you say about one subtomogram. The example chooses a class."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "subtomogram_id": 4711,
                "lease_id": 912,
                "fencing_token": 912,
                "kind": "class",
                "class_id": "5f0e0a66-9f0b-4b57-8d3a-6a3a6ad0c111",
                "duration_ms": 2140,
                "comment": None,
                "decided_at": "2026-11-20T12:01:00Z",
            }
        },
    )

    subtomogram_id: BigId
    lease_id: BigId | None = Field(default=None, description="Null for an item you chose yourself.")
    fencing_token: BigId | None = None
    kind: DecisionKind = Field(description="`comment`: words only. It labels nothing and answers no question.")
    class_id: uuid.UUID | None = Field(default=None, description="The class, for kind `class` only.")
    confidence: Confidence | None = None
    suggestion_shown: bool = Field(
        default=False, description="Whether what the model says of it was on the screen when you decided."
    )
    duration_ms: int | None = Field(default=None, ge=0, le=LONGEST_LOOK_MS, description="How long you looked.")
    comment: Comment | None = None
    decided_at: datetime | None = Field(default=None, description="When you decided, by your clock.")

    @model_validator(mode="after")
    def _fits_together(self) -> "DecisionIn":
        if (self.kind == "class") != (self.class_id is not None):
            raise ValueError("give class_id with kind `class`, and with no other kind")
        if self.kind == "comment" and (not self.comment or self.lease_id is not None or self.confidence is not None):
            raise ValueError("give a `comment` its words, and neither a lease nor a confidence")
        if self.fencing_token != self.lease_id:
            raise ValueError("give the lease's id and its fencing_token together, as the claim gave them")
        if self.decided_at is not None and self.decided_at.tzinfo is None:
            raise ValueError("decided_at needs a time zone")
        return self


class LabelOut(BaseModel):
    """What counts now for a subtomogram."""

    kind: LabelKind
    class_id: uuid.UUID | None


class DecisionOut(BaseModel):
    """The decision is stored."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "event_id": 20231,
                "status": "accepted",
                "label": {"kind": "class", "class_id": "5f0e0a66-9f0b-4b57-8d3a-6a3a6ad0c111"},
            }
        }
    )

    event_id: int
    status: Literal["accepted", "late"] = Field(
        description="`late`: somebody else had the item by then; your word is kept as a further opinion."
    )
    label: LabelOut | None = Field(description="What counts now; null after a comment, or a skip where others decided.")


class UndoOut(BaseModel):
    """The decision no longer counts."""

    model_config = ConfigDict(json_schema_extra={"example": {"event_id": 20232, "task": _TASK_EXAMPLE}})

    event_id: int = Field(description="The event that records the undo.")
    task: Task | None = Field(description="The item, yours again; null when somebody else has it or it left the queue.")


class DecisionEventOut(BaseModel):
    """One entry of the history."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "event_id": 20231,
                "subtomogram_id": 4711,
                "subtomogram_name": "TS_01/000012",
                "user": "ada",
                "kind": "class",
                "class_id": "5f0e0a66-9f0b-4b57-8d3a-6a3a6ad0c111",
                "work": "query",
                "late": False,
                "undone": False,
                "undoes_event_id": None,
                "bulk_id": None,
                "duration_ms": 2140,
                "confidence": 3,
                "suggestion_shown": False,
                "comment": None,
                "decided_at": "2026-11-20T12:01:00Z",
                "created_at": "2026-11-20T12:01:00Z",
            }
        }
    )

    event_id: int
    subtomogram_id: int
    subtomogram_name: str
    user: str
    kind: Literal["class", "unsure", "junk", "skip", "comment", "undo"]
    class_id: uuid.UUID | None
    work: str
    late: bool
    undone: bool
    undoes_event_id: int | None
    bulk_id: uuid.UUID | None = Field(description="Shared by the decisions of one bulk request.")
    duration_ms: int | None
    confidence: int | None
    suggestion_shown: bool = Field(description="The model's suggestion was shown before this decision.")
    comment: str | None
    decided_at: datetime | None
    created_at: datetime


class ClassCount(BaseModel):
    """How many subtomograms carry a class."""

    class_id: uuid.UUID
    name: str
    color: str
    count: int


class LabelCounts(BaseModel):
    """Labels in the pool, the evaluation sample left out."""

    by_class: list[ClassCount]
    junk: int
    unsure: int
    skipped: int
    training_total: int = Field(description="Class and junk labels a cycle may train on.")


class HalfCount(BaseModel):
    """One half of the evaluation sample."""

    size: int
    labeled: int


class EvaluationHalves(BaseModel):
    """The half that calibrates the model, and the half its numbers are reported on."""

    calibrate: HalfCount
    report: HalfCount


class EvaluationProgress(BaseModel):
    """The random evaluation sample, labeled blind and never trained on."""

    size: int
    labeled: int
    by_half: EvaluationHalves


class NextStep(BaseModel):
    """What to do next, in one sentence."""

    code: str
    text: str
    action: Literal["label", "launch", "wait", "import", "export"] | None


class ProgressOut(BaseModel):
    """How far a project is."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "pool_size": 600,
                "labeled": {
                    "by_class": [
                        {
                            "class_id": "5f0e0a66-9f0b-4b57-8d3a-6a3a6ad0c111",
                            "name": "barrel",
                            "color": "#0072b2",
                            "count": 14,
                        }
                    ],
                    "junk": 3,
                    "unsure": 1,
                    "skipped": 0,
                    "training_total": 17,
                },
                "evaluation": {
                    "size": 100,
                    "labeled": 12,
                    "by_half": {"calibrate": {"size": 50, "labeled": 7}, "report": {"size": 50, "labeled": 5}},
                },
                "queue": _QUEUE_EXAMPLE,
                "next_step": {"code": "label", "text": "Label 31 more particles of this batch.", "action": "label"},
            }
        }
    )

    pool_size: int
    labeled: LabelCounts
    evaluation: EvaluationProgress
    queue: QueueStatus
    next_step: NextStep
