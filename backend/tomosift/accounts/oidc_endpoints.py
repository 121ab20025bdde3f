"""HTTP face of signing in by a provider: the browser is sent away, and comes back.

These two are opened by a person's browser, not by the interface's code: what goes wrong leads to the sign-in page, with
the kind of problem as `?problem=`.
"""

import logging
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import RedirectResponse
from limits import RateLimitItemPerMinute

from tomosift.accounts.authentication import ANYONE, SESSION_COOKIE, user_of_cookie
from tomosift.accounts.oidc import CALLBACK_PATH, MAY_TAKE, OidcRefused, depart, identify, take_request
from tomosift.accounts.oidc_people import account_of
from tomosift.accounts.session_endpoints import address_of, set_session_cookie
from tomosift.accounts.sessions import begin_session
from tomosift.accounts.sign_in import count_failure
from tomosift.kit.audit import UNKNOWN, record
from tomosift.kit.database import transaction
from tomosift.kit.problems import ProblemError, not_found
from tomosift.kit.query_parameters import any_parameters
from tomosift.kit.rate_limits import get_counters, too_many
from tomosift.kit.routing import problems
from tomosift.kit.settings import get_settings

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/oidc", tags=["accounts"])

REQUEST_COOKIE = "tomosift_oidc"
DEPARTURES = RateLimitItemPerMinute(100, 15)
_AWAY: dict[int | str, dict[str, Any]] = {303: {"description": "Where the browser goes next."}}


@router.get(
    "/start",
    status_code=303,
    summary="Go to the provider to sign in",
    dependencies=[ANYONE],
    response_class=RedirectResponse,
    responses={**_AWAY, **problems(401, 404, 422, 429)},
)
def start_oidc(
    request: Request,
    return_to: Annotated[str, Query(max_length=500, description="Page of the interface to open afterwards.")] = "/",
    connect: Annotated[
        bool, Query(description="Connect the account you are signed in with, instead of signing in.")
    ] = False,
) -> RedirectResponse:
    """Send the browser to the provider. It comes back to `/oidc/callback` within ten minutes."""
    settings, address = get_settings(), address_of(request)
    if settings.oidc_issuer is None:
        raise not_found("provider")
    if not get_counters().hit(DEPARTURES, "oidc", address):
        raise too_many("Wait a few minutes, then try again.", get_counters().seconds_left(DEPARTURES, "oidc", address))
    user = user_of_cookie(request.cookies.get(SESSION_COOKIE)) if connect else None
    if connect and user is None:
        return _to_sign_in("oidc-expired")
    try:
        departure = depart(settings, return_to, user.id if user else None)
    except OidcRefused as refused:
        logger.warning("sign-in by the provider cannot begin: %s", refused)
        return _to_sign_in(refused.kind)
    away = RedirectResponse(departure.url, 303)
    away.set_cookie(
        REQUEST_COOKIE,
        departure.cookie,
        max_age=int(MAY_TAKE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=(settings.public_url or "").startswith("https://"),
        path=CALLBACK_PATH,
    )
    return away


@router.get(
    "/callback",
    status_code=303,
    summary="Come back from the provider",
    dependencies=[ANYONE, Depends(any_parameters)],
    response_class=RedirectResponse,
    responses={**_AWAY, **problems(401, 404, 422, 429)},
)
def finish_oidc(
    request: Request,
    state: Annotated[str | None, Query(max_length=200)] = None,
    code: Annotated[str | None, Query(max_length=4000, description="To be traded for who it is.")] = None,
    error: Annotated[str | None, Query(max_length=200, description="Why the provider let nobody in.")] = None,
    user_agent: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> RedirectResponse:
    """Check what the provider says, begin a session, and open the page that was asked for."""
    settings, address = get_settings(), address_of(request)
    if settings.oidc_issuer is None:
        raise not_found("provider")
    try:
        with transaction() as session:
            expected = take_request(session, state, request.cookies.get(REQUEST_COOKIE))
        if code is None:
            raise OidcRefused("oidc-refused", f"the provider says {(error or 'nothing')!r}")
        identity = identify(settings, expected, code)
        with transaction() as session:
            user = account_of(session, settings, expected, identity)
            record(session, user, "session.begun", user.name, way="oidc", address=address)
            begun = begin_session(session, user, "oidc", user_agent, settings)
    except OidcRefused as refused:
        logger.warning("sign-in by the provider refused: %s", refused)
        return _refused(refused.kind, address)
    back = RedirectResponse(expected.return_to, 303)
    set_session_cookie(back, begun.cookie, settings)
    back.delete_cookie(REQUEST_COOKIE, path=CALLBACK_PATH, httponly=True, samesite="lax")
    return back


def _refused(kind: str, address: str) -> RedirectResponse:
    try:
        count_failure(get_settings(), address)
    except ProblemError:
        return _to_sign_in("too-many")
    with transaction() as session:
        record(session, UNKNOWN, "session.refused", "(the provider)", why=kind, address=address)
    return _to_sign_in(kind)


def _to_sign_in(kind: str) -> RedirectResponse:
    return RedirectResponse(f"/sign-in?{urlencode({'problem': kind})}", 303)
