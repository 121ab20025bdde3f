"""What people change about their own account: the name others see, and the provider they sign in with."""

from sqlalchemy.orm import Session

from tomosift.accounts.authentication import SignedInUser
from tomosift.kit.audit import record
from tomosift.kit.problems import conflict, not_found
from tomosift.tables import User


def rename_oneself(session: Session, user: SignedInUser, display_name: str) -> User:
    """Change the name that others see. What one signs in as stays: an administrator changes that."""
    row = session.get_one(User, user.id, with_for_update=True)
    if row.display_name != display_name:
        row.display_name = display_name
        record(session, user, "user.changed", user.name, display_name=display_name)
    return row


def disconnect_provider(session: Session, user: SignedInUser) -> None:
    """Forget the account at the OpenID provider; sessions go on.

    Raises ProblemError 404 where none is connected, 409 without a password: nobody shuts themselves out.
    """
    row = session.get_one(User, user.id, with_for_update=True)
    if row.oidc_subject is None:
        raise not_found("connection")
    if row.password_hash is None:
        raise conflict(
            "no-other-way",
            "You could not sign in any more",
            "Set a password first: open a new sign-in link (an administrator makes one), then set it here.",
        )
    row.oidc_issuer = row.oidc_subject = None
    record(session, user, "provider.disconnected", user.name)
