"""One-time sign-in links: opened once, within a day, they sign a browser in."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from tomosift.accounts.secrets import ACCESS_TOKEN_PREFIX, digest, new_secret
from tomosift.accounts.users import ensure_owner
from tomosift.kit.database import DatabaseNotConfigured, utc_now
from tomosift.kit.settings import Settings
from tomosift.tables import AccessToken, SignInLink, User

LINK_LIFETIME = timedelta(hours=24)
LOCAL_TOKEN_NAME = "command line on this computer"  # noqa: S105 - a name, not a secret


@dataclass(frozen=True)
class FreshLink:
    """A link just made; its secret is nowhere else."""

    url: str
    expires_at: datetime


def create_sign_in_link(settings: Settings) -> str:
    """A link that signs the owner in; the first call makes the owner's account (an administrator).

    Works on `settings.database_url`, so that the supervisor can call it. Raises DatabaseNotConfigured.
    """
    with _transaction_on(settings) as session:
        return make_link(session, ensure_owner(session), settings).url


def make_link(session: Session, user: User, settings: Settings, *, asks_password: bool = False) -> FreshLink:
    """A fresh link for `user`. The secret stands behind `#`, so that it is never sent to a server or a log."""
    secret = new_secret()
    expires_at = utc_now() + LINK_LIFETIME
    session.add(
        SignInLink(user_id=user.id, token_hash=digest(secret), expires_at=expires_at, asks_password=asks_password)
    )
    return FreshLink(f"{service_url(settings)}/sign-in#token={secret}", expires_at)


def service_url(settings: Settings) -> str:
    """The address people type: `public_url`, or the host and port the service listens on."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    host = settings.host
    try:
        address = ip_address(host)
    except ValueError:
        return f"http://{host}:{settings.port}"
    if address.is_unspecified:  # "every address": this computer can at least use the loopback one
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def local_token_path(settings: Settings) -> Path:
    """Where the command line of this computer finds its access token."""
    return settings.home / "secrets" / "cli-token"


def ensure_local_token(settings: Settings) -> Path:
    """Make sure that `HOME/secrets/cli-token` (mode 0600) holds a valid token of the owner; return the file."""
    path = local_token_path(settings)
    with _transaction_on(settings) as session:
        if path.is_file() and _is_valid(session, path.read_text().strip()):
            return path
        owner = ensure_owner(session)
        secret = new_secret(ACCESS_TOKEN_PREFIX)
        session.add(
            AccessToken(
                user_id=owner.id,
                name=LOCAL_TOKEN_NAME,
                prefix=secret[:8],
                token_hash=digest(secret),
                scope="write",
            )
        )
        session.flush()
        _write_private(path, secret + "\n")
    return path


def _is_valid(session: Session, token: str) -> bool:
    return (
        session.scalar(
            select(AccessToken.id)
            .join(User, User.id == AccessToken.user_id)
            .where(AccessToken.token_hash == digest(token), AccessToken.revoked_at.is_(None), User.is_active)
        )
        is not None
    )


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
    temporary.replace(path)


@contextmanager
def _transaction_on(settings: Settings) -> Iterator[Session]:
    """A transaction on the database these settings name, apart from the process's own engine."""
    if settings.database_url is None:
        raise DatabaseNotConfigured("these settings name no database; start the service with `tomosift up`")
    engine = create_engine(settings.database_url, poolclass=NullPool)
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session
