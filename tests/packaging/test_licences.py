"""What Tomosift needs must be under a permissive licence (or the LGPL, for a library used unmodified)."""

import json
import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
COPYLEFT = re.compile(r"(?<![A-Za-z])A?GPL|GNU (Affero )?General Public", re.IGNORECASE)
SHIPPED_EXTRAS = ("worker", "embedded", "s3")


def needed_distributions(name: str, extras: tuple[str, ...]) -> dict[str, Distribution]:
    """Everything `name[extras]` pulls in on this platform, itself left out."""
    found: dict[str, Distribution] = {}
    waiting = [(name, extras)]
    seen = set()
    while waiting:
        current, wanted = waiting.pop()
        if (current.lower(), wanted) in seen:
            continue
        seen.add((current.lower(), wanted))
        try:
            package = distribution(current)
        except PackageNotFoundError:
            continue
        found[current.lower()] = package
        for line in package.requires or []:
            requirement = Requirement(line)
            environments = [{"extra": extra} for extra in (*wanted, "")]
            if requirement.marker is None or any(requirement.marker.evaluate(env) for env in environments):
                waiting.append((requirement.name, tuple(sorted(requirement.extras))))
    found.pop(name)
    return found


def licence_words(package: Distribution) -> str:
    meta = package.metadata
    classifiers = [c for c in meta.get_all("Classifier") or [] if c.startswith("License")]
    return " | ".join([meta.get("License-Expression") or "", (meta.get("License") or "")[:200], *classifiers])


def test_python_packages() -> None:
    needed = needed_distributions("tomosift", SHIPPED_EXTRAS)
    assert {"fastapi", "torch", "zarr"} <= set(needed)
    copyleft = {
        name: licence_words(package) for name, package in needed.items() if COPYLEFT.search(licence_words(package))
    }
    assert not copyleft


def test_interface_packages() -> None:
    lock = json.loads((ROOT / "frontend" / "package-lock.json").read_text())
    licences = {path: str(entry.get("license", "")) for path, entry in lock["packages"].items() if path}
    assert len(licences) > 20
    assert not {path: licence for path, licence in licences.items() if COPYLEFT.search(licence)}
