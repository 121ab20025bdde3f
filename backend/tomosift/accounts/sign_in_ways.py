"""What the sign-in page offers."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from tomosift.accounts.schemas import ProviderOut, SignInWays
from tomosift.kit.settings import Settings
from tomosift.tables import User

OIDC_START_URL = "/api/v1/oidc/start"


def sign_in_ways(session: Session, settings: Settings) -> SignInWays:
    """Passwords if anybody has one, and the provider if the settings name one."""
    has_password = select(exists().where(User.password_hash.is_not(None), User.is_active))
    provider = ProviderOut(label=settings.oidc_label, start_url=OIDC_START_URL) if settings.oidc_issuer else None
    return SignInWays(password=bool(session.scalar(has_password)), provider=provider)
