"""Signing in by an OpenID Connect provider (Core 1.0, 3.1): authorization code with PKCE, state and nonce.

What is expected back is a row of `oidc_request`; a short-lived cookie ties it to the browser that was sent away, so
that nobody can be signed in by a link somebody else prepared. That cookie is `SameSite=Lax`, as the browser comes back
from another site; the session's cookie stays `Strict`, and is sent from the first request of our own page on.
"""

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import delete
from sqlalchemy.orm import Session

from tomosift.accounts.links import service_url
from tomosift.accounts.secrets import digest, new_secret
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.problems import not_found
from tomosift.kit.settings import Settings
from tomosift.tables import OidcRequest

CALLBACK_PATH = "/api/v1/oidc/callback"
MAY_TAKE = timedelta(minutes=10)
PATIENCE_SECONDS = 10.0
CLOCKS_DIFFER_BY_SECONDS = 60
# Signatures by a key only the provider has. Never `none`, and never a secret that we know too.
SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


class OidcRefused(Exception):
    """The person does not get in; `kind` is what the sign-in page is told, the text is for the log."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(why)
        self.kind = kind


@dataclass(frozen=True)
class Departure:
    """Where the browser is sent, and the cookie that it comes back with."""

    url: str
    cookie: str


@dataclass(frozen=True)
class Identity:
    """Who the provider says it is. `email` only where the provider has verified it."""

    issuer: str
    subject: str
    name: str
    display_name: str
    email: str | None


@dataclass(frozen=True)
class _Provider:
    """What the provider's discovery document says."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    basic_authentication: bool


def depart(settings: Settings, return_to: str, user_id: uuid.UUID | None) -> Departure:
    """Note a request and say where the browser goes. With `user_id` the account of that user is to be connected.

    Raises ProblemError 404 without a provider, OidcRefused if it cannot be reached.
    """
    with _client() as client:
        provider = _discover(client, settings)
    state, cookie, nonce, verifier = new_secret(), new_secret(), new_secret(), secrets.token_urlsafe(48)
    now = utc_now()
    request = OidcRequest(
        state=digest(state),
        browser=digest(cookie),
        nonce=nonce,
        code_verifier=verifier,
        return_to=own_page(return_to),
        user_id=user_id,
        expires_at=now + MAY_TAKE,
    )
    with transaction() as session:
        session.execute(delete(OidcRequest).where(OidcRequest.expires_at <= now))
        session.add(request)
    asked = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": _redirect_uri(settings),
        "scope": "openid profile email",
        "state": state,
        "nonce": nonce,
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
    }
    joint = "&" if urlsplit(provider.authorization_endpoint).query else "?"
    return Departure(f"{provider.authorization_endpoint}{joint}{urlencode(asked)}", cookie)


def take_request(session: Session, state: str | None, cookie: str | None) -> OidcRequest:
    """The request this answer belongs to, which is over with that. Raises OidcRefused."""
    row = session.get(OidcRequest, digest(state), with_for_update=True) if state else None
    if row is None or row.expires_at <= utc_now():
        raise OidcRefused("oidc-expired", "no such request is open")
    if cookie is None or not secrets.compare_digest(row.browser, digest(cookie)):
        raise OidcRefused("oidc-expired", "the answer came to another browser than the one that asked")
    session.delete(row)
    return row


def identify(settings: Settings, request: OidcRequest, code: str) -> Identity:
    """Trade the code for an id_token and check it: signature, issuer, audience, time, nonce. Raises OidcRefused."""
    with _client() as client:
        provider = _discover(client, settings)
        raw = _trade(client, settings, provider, request.code_verifier, code)
        keys = _get_json(client, provider.jwks_uri)
    claims = _checked_claims(settings, raw, keys, request.nonce)
    subject = str(claims["sub"])
    email = claims.get("email") if claims.get("email_verified") is True else None
    name = str(claims.get("preferred_username") or claims.get("email") or subject)
    return Identity(
        issuer=str(settings.oidc_issuer),
        subject=subject,
        name=name.partition("@")[0],
        display_name=str(claims.get("name") or name)[:100],
        email=str(email) if email else None,
    )


def own_page(path: str) -> str:
    """The path if it is a page of ours, else the first page: nobody is sent on to another site."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if is_ours and len(path) <= 500 else "/"


def _client() -> httpx.Client:
    return httpx.Client(timeout=PATIENCE_SECONDS, follow_redirects=False)


def _redirect_uri(settings: Settings) -> str:
    return service_url(settings) + CALLBACK_PATH


def _discover(client: httpx.Client, settings: Settings) -> _Provider:
    """Read `/.well-known/openid-configuration` (OpenID Connect Discovery 1.0, 4)."""
    if settings.oidc_issuer is None:
        raise not_found("provider")
    found = _get_json(client, f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != settings.oidc_issuer:
        raise OidcRefused("oidc-unreachable", f"the provider calls itself {str(found.get('issuer'))[:200]!r}")
    try:
        methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return _Provider(
            str(found["authorization_endpoint"]),
            str(found["token_endpoint"]),
            str(found["jwks_uri"]),
            "client_secret_basic" in methods,
        )
    except KeyError as error:
        raise OidcRefused("oidc-unreachable", f"the provider's description lacks {error}") from error


def _get_json(client: httpx.Client, url: str) -> dict[str, Any]:
    try:
        answer = client.get(url).raise_for_status().json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise OidcRefused("oidc-unreachable", f"{url}: {error}") from error
    if not isinstance(answer, dict):
        raise OidcRefused("oidc-unreachable", f"{url} does not answer with a JSON object")
    return answer


def _trade(client: httpx.Client, settings: Settings, provider: _Provider, verifier: str, code: str) -> str:
    """The id_token for a code (RFC 6749, 4.1.3, with the verifier of RFC 7636)."""
    client_id, client_secret = settings.oidc_client_id or "", settings.oidc_client_secret
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _redirect_uri(settings),
        "code_verifier": verifier,
    }
    basic = None
    if client_secret is None:
        form["client_id"] = client_id
    elif provider.basic_authentication:
        basic = httpx.BasicAuth(client_id, client_secret)
    else:
        form |= {"client_id": client_id, "client_secret": client_secret}
    try:
        answer = client.post(provider.token_endpoint, data=form, auth=basic or httpx.USE_CLIENT_DEFAULT)
        if answer.status_code >= 500:
            raise OidcRefused("oidc-unreachable", f"the provider answered {answer.status_code} for the code")
        token = answer.json().get("id_token") if answer.is_success else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError) as error:
        raise OidcRefused("oidc-unreachable", str(error)) from error
    if not isinstance(token, str):
        raise OidcRefused("oidc-refused", f"the provider gave no id_token ({answer.status_code})")
    return token


def _checked_claims(settings: Settings, raw: str, keys: dict[str, Any], nonce: str) -> CodeIDToken:
    """The token's claims (OpenID Connect Core 1.0, 3.1.3.7). Raises OidcRefused."""
    must_be = {
        "iss": {"essential": True, "value": settings.oidc_issuer},
        "aud": {"essential": True, "value": settings.oidc_client_id},
    }
    try:
        token = jwt.decode(raw, KeySet.import_key_set(keys), algorithms=list(SIGNATURES))  # type: ignore[arg-type]
        params = {"nonce": nonce, "client_id": settings.oidc_client_id}
        claims = CodeIDToken(token.claims, token.header, must_be, params)
        claims.validate(leeway=CLOCKS_DIFFER_BY_SECONDS)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise OidcRefused("oidc-invalid", f"the id_token is not to be trusted: {error}") from error
    return claims
