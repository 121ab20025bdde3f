"""Functions of modules that are imported when they are first called.

pandas, pyarrow, scipy and h5py take a second to import, and the service starts without them: it names the formats of
the catalogues long before it reads or writes one.
"""

from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any


def later(place: str) -> Callable[..., Any]:
    """What stands at `module:name` of this package, as a function that imports the module when it is called."""

    def call(*arguments: Any) -> Any:
        return resolve_name(f"tomosift.formats.{place}")(*arguments)

    return call
