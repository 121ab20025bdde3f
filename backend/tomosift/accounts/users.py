"""Users: who exists, and making new ones. Nobody can sign up by themselves."""

import getpass
import re

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tomosift.kit.problems import conflict
from tomosift.tables import User


def add_user(
    session: Session, name: str, display_name: str | None, is_admin: bool, *, email: str | None = None
) -> User:
    """A new user. Raises ProblemError 409 if the name or the e-mail address is taken (case does not count)."""
    user = User(name=name, display_name=display_name or name, is_admin=is_admin, email=email)
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        detail = f"There is a user {name!r}{' or one with that e-mail address' if email else ''} already."
        raise conflict("name-taken", "That name is taken", detail) from error
    session.refresh(user)
    return user


def find_user(session: Session, name: str) -> User | None:
    """The user of that name, whatever its case."""
    return session.scalars(select(User).where(func.lower(User.name) == name.lower())).one_or_none()


def ensure_importer(session: Session, name: str) -> User:
    """The importer of that name, made if there is none: labels of files speak in its name, and it cannot sign in.

    Raises ProblemError 409 if a person has the name.
    """
    session.execute(
        insert(User)
        .values(name=name, display_name=name, kind="importer", is_active=False)
        .on_conflict_do_nothing(index_elements=[func.lower(User.name)])
    )
    user = find_user(session, name)
    if user is None or user.kind != "importer":
        raise conflict(
            "name-taken",
            "That name is taken",
            f"{name!r} is a person's name; name the importer after the file or program.",
        )
    return user


def ensure_owner(session: Session) -> User:
    """The first administrator; made now, named after the operating-system user, if there is none."""
    owner = session.scalars(
        select(User).where(User.is_admin, User.is_active).order_by(User.created_at, User.id).limit(1)
    ).one_or_none()
    if owner is not None:
        return owner
    name = _operating_system_name()
    existing = find_user(session, name)
    return add_user(session, name if existing is None else f"{name}-admin", name.capitalize(), is_admin=True)


def _operating_system_name() -> str:
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container's user without a passwd entry
        name = ""
    return re.sub(r"[^A-Za-z0-9._-]", "", name).lstrip("._-")[:64] or "owner"
