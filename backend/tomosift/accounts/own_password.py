"""Setting your own password."""

from tomosift.accounts import passwords
from tomosift.accounts.authentication import SignedInUser
from tomosift.accounts.sessions import end_all_sessions, is_fresh_by_link
from tomosift.accounts.sign_in import count_failure, refuse_many_failures
from tomosift.kit.audit import record
from tomosift.kit.database import transaction
from tomosift.kit.problems import ProblemError, forbidden
from tomosift.kit.settings import Settings
from tomosift.tables import BrowserSession, User


def change_password(user: SignedInUser, old: str | None, new: str, address: str, settings: Settings) -> None:
    """Store a new password and end the user's other sessions; access tokens stay.

    Raises ProblemError 403 from a script, for a wrong old password, and without one unless a link was just opened; 422
    for a password that is easily guessed; 429 after too many wrong ones.
    """
    if user.session_id is None:
        raise forbidden("A password is set in the browser, not by an access token.")
    refuse_many_failures(settings, address, user.name)
    new_hash = passwords.make_hash(new, user.name)
    with transaction() as session:
        row = session.get_one(User, user.id)
        begun = session.get_one(BrowserSession, user.session_id)
        stored, knows = row.password_hash, is_fresh_by_link(begun)
    if not knows and not (old is not None and passwords.is_right(stored, old)):
        if old is not None and stored is not None:
            count_failure(settings, address, user.name)
        raise _not_proved(stored)
    with transaction() as session:
        row = session.get_one(User, user.id, with_for_update=True)
        if row.password_hash != stored:
            raise _not_proved(row.password_hash)
        row.password_hash = new_hash
        end_all_sessions(session, user.id, except_for=user.session_id)
        record(session, user, "password.set", user.name, address=address)


def _not_proved(stored: str | None) -> ProblemError:
    detail = (
        "Type your present password with it, or open a new sign-in link: after that it is not asked for 15 minutes."
        if stored
        else "Open a new sign-in link (an administrator makes one), then set the password within 15 minutes."
    )
    return ProblemError(403, "password-needed", "The old password is not right", detail)
