"""Before the first stage: how this cycle will pick, and whether there are labels enough for a model."""

import numpy as np

from tomosift.kit.launch_readiness import FEWEST_CLASSES, FEWEST_TRAINING_LABELS
from tomosift_worker.acquisition.catalogue import ACQUISITION_FUNCTIONS
from tomosift_worker.acquisition.plan import AUTO, Plan, make_plan
from tomosift_worker.cycle.context import CycleContext


def plan_cycle(context: CycleContext) -> Plan:
    """The cycle's way to pick; it says in the log what it chose and why, where it was left to choose."""
    labeled, settings = context.snapshot.training, context.settings
    counts = np.bincount(labeled.labels, minlength=len(labeled.classes))
    plan = make_plan(settings.acquisition, counts, settings.selection, has_model=has_model(context))
    if plan.is_automatic:
        context.job.log(f"Picks are made by {plan.function.title}. {plan.why}")
    return plan


def has_model(context: CycleContext) -> bool:
    """Whether the cycle trains one: always, unless labels are too few and what picks can do without."""
    labeled, asked = context.snapshot.training, context.settings.acquisition
    if asked != AUTO and "class_labels" in ACQUISITION_FUNCTIONS[asked].needs:
        return True
    return len(labeled.classes) >= FEWEST_CLASSES and len(labeled.items) >= FEWEST_TRAINING_LABELS


def describe_plan(plan: Plan) -> dict[str, object]:
    """The plan as it is kept with the cycle's numbers. JSON."""
    return {
        "acquisition": plan.function.id,
        "title": plan.function.title,
        "why": plan.why,
        "automatic": plan.is_automatic,
        **plan.selection.model_dump(mode="json"),
    }
