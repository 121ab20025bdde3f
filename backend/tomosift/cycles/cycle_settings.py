"""From what somebody asked for to a cycle's complete settings, checked against what the worker announced."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry

from tomosift.kit.problems import ProblemError, invalid

MOST_ERRORS = 20


def resolve_settings(asked: Mapping[str, Any], catalogue: Mapping[str, Any] | None, batch_size: int) -> dict[str, Any]:
    """The preset's settings with the project's batch size and then `asked` laid over them.

    Without a catalogue (no worker has ever announced itself) nothing can be checked here: the worker does it when it
    takes the cycle. Raises ProblemError 422 that names each wrong setting, or lists the presets or functions there are.
    """
    if catalogue is None:
        return {"batch_size": batch_size, **asked}
    wanted = dict(asked)
    preset_id = wanted.pop("preset", catalogue.get("default_preset"))
    presets = {each["id"]: each.get("settings", {}) for each in catalogue.get("presets", [])}
    if preset_id is not None and preset_id not in list(presets):  # it may be anything, a list too
        raise _unknown("preset", preset_id, presets)
    _check_acquisition(wanted, catalogue)
    settings = overlay(overlay(presets.get(preset_id, {}), {"batch_size": batch_size}), wanted)
    schema = catalogue.get("settings_schema") or {}
    if preset_id is not None and "preset" in schema.get("properties", {}):
        settings["preset"] = preset_id
    _check_schema(settings, schema)
    _check_needs(settings, catalogue)
    return settings


def check_settings(
    asked: Mapping[str, Any], catalogue: Mapping[str, Any] | None, batch_size: int
) -> tuple[dict[str, Any] | None, list[dict[str, str]]]:
    """The complete settings, or what is wrong with them as `{where, reason}`: what a form shows beside its fields."""
    try:
        return resolve_settings(asked, catalogue, batch_size), []
    except ProblemError as problem:
        where = "preset" if problem.kind == "unknown-preset" else "acquisition"
        return None, problem.extra.get("errors") or [{"where": where, "reason": problem.detail}]


def overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`above` laid over `below`, group by group; a group of another `kind` (a network's) replaces the one below."""
    result = dict(below)
    for name, value in above.items():
        under = result.get(name)
        both_groups = isinstance(under, Mapping) and isinstance(value, Mapping)
        mixes = both_groups and under is not None and value.get("kind", under.get("kind")) == under.get("kind")
        result[name] = overlay(under, value) if mixes and under is not None else value
    return result


def acquisition_id(settings: Mapping[str, Any]) -> str:
    """The acquisition function of a cycle's settings."""
    return str(settings.get("acquisition", "unknown"))


def _check_acquisition(asked: Mapping[str, Any], catalogue: Mapping[str, Any]) -> None:
    known = [each["id"] for each in catalogue.get("acquisition", [])]
    if "acquisition" in asked and asked["acquisition"] not in known:
        raise _unknown("acquisition", asked["acquisition"], known)


def works_without_labels(settings: Mapping[str, Any], catalogue: Mapping[str, Any] | None) -> bool:
    """Whether these settings' acquisition function can choose what to label first, with no model."""
    if catalogue is None:
        return False
    needs = _needs(acquisition_id(settings), catalogue)
    return needs is not None and "class_labels" not in needs


def _needs(acquisition: str, catalogue: Mapping[str, Any]) -> list[str] | None:
    """What a function needs, as the worker announced it; None for one it does not know."""
    return next((each.get("needs", []) for each in catalogue.get("acquisition", []) if each["id"] == acquisition), None)


def _check_needs(settings: Mapping[str, Any], catalogue: Mapping[str, Any]) -> None:
    """Refuse an acquisition function that cannot work with the other settings, in the worker's words."""
    requirements = catalogue.get("requirements", {})
    acquisition = acquisition_id(settings)
    for need in _needs(acquisition, catalogue) or []:
        requirement = requirements.get(need)
        if requirement and not Draft202012Validator(requirement["schema"], registry=Registry()).is_valid(settings):
            raise invalid(
                "settings-do-not-fit",
                "These settings do not go together",
                f"{acquisition} cannot work here: {requirement['reason']}",
                need=need,
            )


def _unknown(what: str, given: object, known: Any) -> Exception:
    names = sorted(known)
    return invalid(
        f"unknown-{what}",
        f"There is no such {what}",
        f"{given!r} is not one of: {', '.join(names)}."[:1000],
        available=names,
    )


def _check_schema(settings: dict[str, Any], schema: dict[str, Any]) -> None:
    # The empty registry: a schema that points elsewhere is an error, never a request to another server.
    validator = Draft202012Validator(schema, registry=Registry())
    errors = [
        {"where": ".".join(str(part) for part in error.absolute_path) or "settings", "reason": error.message[:300]}
        for _, error in zip(range(MOST_ERRORS), _plain(validator.iter_errors(settings)), strict=False)
    ]
    if errors:
        summary = "; ".join(f"{each['where']}: {each['reason']}" for each in errors[:3])
        raise invalid("bad-settings", "A setting is wrong", summary, errors=errors)


def _plain(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """The errors, and for a group that comes in several kinds those of the kind it says it is."""
    for error in errors:
        branches: dict[Any, list[ValidationError]] = {}
        for inner in error.context or ():
            branches.setdefault(inner.relative_schema_path[0], []).append(inner)
        fitting = [each for each in branches.values() if not any("kind" in inner.relative_path for inner in each)]
        said = [each for each in fitting if not any(inner.validator == "required" for inner in each)]
        if said:
            yield from _plain(said[0])
        else:
            yield error
