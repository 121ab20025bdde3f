"""Wire types of the accounts room."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tomosift.accounts.passwords import LONGEST, SHORTEST

UserName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
    Field(description="Letters, digits, dot, dash, underscore.", examples=["ada"]),
]
DisplayName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[^@\s]{1,64}@[^@\s]{1,189}$"),
    Field(description="What an OpenID provider knows them by.", examples=["ada@example.org"]),
]
Password = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST),
    Field(description=f"At least {SHORTEST} characters, of any kind.", examples=["three words to remember"]),
]
LinkToken = Annotated[
    str, Field(min_length=1, max_length=200, description="What stands behind `#token=` in the link.", examples=["…"])
]


class UserOut(BaseModel):
    """A user."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "example": {
                "id": "0b0e6a0c-6a52-4f0b-9a51-0d4d5a3f9f63",
                "name": "ada",
                "display_name": "Ada L.",
                "is_admin": False,
            }
        },
    )

    id: uuid.UUID
    name: str
    display_name: str
    is_admin: bool


class UserIn(BaseModel):
    """A user to be made."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"name": "ada", "display_name": "Ada L."}})

    name: UserName
    display_name: DisplayName | None = None
    is_admin: bool = False
    email: Email | None = None


class UserPatch(BaseModel):
    """Changes to an account; what is left out stays. `email` null forgets it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"is_active": False}})

    name: UserName | None = None
    display_name: DisplayName | None = None
    is_admin: bool | None = None
    is_active: bool | None = Field(default=None, description="false ends their sessions, tokens and links at once.")
    email: Email | None = None

    def changes(self) -> dict[str, Any]:
        """The given values."""
        given = self.model_dump(exclude_unset=True)
        return {name: value for name, value in given.items() if value is not None or name == "email"}


class AccountOut(UserOut):
    """An account as administrators see it."""

    is_active: bool
    email: str | None
    has_password: bool
    has_provider: bool = Field(description="Whether they can sign in by the OpenID provider.")
    created_at: datetime
    last_seen_at: datetime | None = Field(description="When a session or token was last used.")


class LinkOut(BaseModel):
    """A one-time sign-in link; shown once."""

    url: str = Field(examples=["http://127.0.0.1:8765/sign-in#token=…"])
    expires_at: datetime


class SignInByLink(BaseModel):
    """The secret of a sign-in link."""

    model_config = ConfigDict(extra="forbid")

    link_token: LinkToken


class SignInByPassword(BaseModel):
    """A name and its password."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"name": "ada", "password": "three words to remember"}}
    )

    name: str = Field(min_length=1, max_length=64)
    password: Password


class PasswordIn(BaseModel):
    """A new password for yourself."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"old": "three words to remember", "new": "four other words entirely"}},
    )

    old: Password | None = Field(default=None, description="Not needed in the 15 minutes after opening a link.")
    new: Password


class OwnName(BaseModel):
    """The name by which others know you."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"display_name": "Ada Lovelace"}})

    display_name: DisplayName


class SessionOut(BaseModel):
    """Who is signed in."""

    user: UserOut
    has_password: bool
    has_provider: bool = Field(description="Whether an account at the OpenID provider is connected.")
    may_set_password: bool = Field(description="A new password may be set without the old one: a link was just opened.")


class SessionBegun(SessionOut):
    """A session that has just begun; the cookie comes with the response."""

    expires_at: datetime
    asks_password: bool = Field(description="The link stands for a forgotten password: ask for a new one.")


class OpenSession(BaseModel):
    """A browser that is signed in."""

    id: uuid.UUID
    device: str | None = Field(description="What the browser says of itself.", examples=["Mozilla/5.0 (X11; Linux …)"])
    began_by: Literal["link", "password", "oidc"]
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    is_current: bool = Field(description="The session of this request.")


class SessionsEnded(BaseModel):
    """How many sessions were ended."""

    ended: int


class ProviderOut(BaseModel):
    """The OpenID provider."""

    label: str
    start_url: str = Field(description="Where the browser goes to sign in there.")


class SignInWays(BaseModel):
    """How one can sign in here, for the sign-in page."""

    password: bool = Field(description="Whether anybody has a password.")
    provider: ProviderOut | None


class TokenIn(BaseModel):
    """An access token to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"name": "import script", "scope": "write", "expires_in_days": 90}},
    )

    name: DisplayName
    scope: Literal["read", "write"] = "read"
    expires_in_days: float | None = Field(default=90, gt=0, le=3660, description="null: works until it is revoked.")
    project: str | None = Field(default=None, max_length=64, description="Short name of the one project it works in.")


class TokenOut(BaseModel):
    """An access token, without its secret; `prefix` helps to recognise it."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str
    prefix: str
    scope: Literal["read", "write"]
    project_id: uuid.UUID | None = Field(description="The one project it works in; null: wherever you may.")
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class TokenMade(TokenOut):
    """An access token with its secret, shown this once."""

    token: str = Field(examples=["tms_…"])
