"""Query parameters are an allow-list: one that a route does not take is refused by name, not passed over.

The dependencies are coroutines because every request runs them: a thread for each would cost more than their work.
"""

from fastapi import Request
from fastapi.dependencies.models import Dependant

from tomosift.kit.problems import invalid


async def any_parameters() -> None:
    """A dependency of a route that another program sends browsers to, with parameters of its own."""


async def known_parameters_only(request: Request) -> None:
    """A dependency of every route. Raises ProblemError 422 with the names the route takes."""
    if not request.query_params:
        return
    dependant = request.scope["route"].dependant
    if any(each.call is any_parameters for each in dependant.dependencies):
        return
    known = _names(dependant)
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        takes = f"Those are {', '.join(sorted(known))}." if known else "This address takes none."
        raise invalid(
            "unknown-parameter",
            "There is no such query parameter",
            f"{unknown[0][:80]!r} is no query parameter of this address. {takes}",
            allowed=sorted(known),
        )


def _names(dependant: Dependant) -> set[str]:
    """The query parameters of a route and of everything it depends on."""
    return {field.alias for field in dependant.query_params}.union(*map(_names, dependant.dependencies))
