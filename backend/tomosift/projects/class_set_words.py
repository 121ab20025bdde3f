"""What a change of the class set does, in words."""

from tomosift.projects.class_set_schemas import ClassSetChangeIn, Consequence


def say_consequence(change: ClassSetChangeIn, facts: Consequence, into: str | None) -> list[str]:
    """Sentences for the person who is about to make the change."""
    name, labels = facts.class_name, _labels(facts)
    match change.kind:
        case "merge":
            said = [f"{labels} of {name} count as {into} from now on; the decisions stay as they were said."]
            models = f"predictions of {name} count as {into}"
        case "retire":
            said = [f"{labels} of {name} are gone, as if those decisions were undone; opinions they hid count again."]
            models = f"predictions of {name} are dropped"
        case "split":
            names = ", ".join(each.name for each in change.into)
            stays = "stays, and its labels until they are given anew" if change.keep else "is retired, with its labels"
            said = [f"{names}: added. {name} {stays}. {labels} are concerned."]
            models = f"predictions of {name} {'stay as they are' if change.keep else 'are dropped'}"
        case "restore":
            said = [f"{name} is given again, and the decisions for it count for it; {labels} may change."]
            models = f"predictions of {name} count for it again"
    if facts.asked_again:
        said.append(f"{_counted(facts.asked_again, 'item goes', 'items go')} back into the queue, for anybody.")
    if facts.models:
        said.append(f"{_counted(facts.models, 'trained model knows', 'trained models know')} it: {models}.")
    if facts.examples and change.kind != "restore":
        said.append(f"Its {_counted(facts.examples, 'reference example is', 'reference examples are')} shown no more.")
    if facts.by_job:
        said.append("These are many: a job changes the labels; until it is done the old ones are shown.")
    if change.kind != "restore":
        said.append("It can be restored later.")
    return said


def _labels(facts: Consequence) -> str:
    count = facts.labels + facts.evaluation_labels
    said = _counted(count, "label", "labels")
    return f"{said} ({facts.evaluation_labels:,} in the evaluation sample)" if facts.evaluation_labels else said


def _counted(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"
