"""Wire types of the accounts room."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

UserName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"),
    Field(description="Letters, digits, dot, dash, underscore.", examples=["ada"]),
]
DisplayName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


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


class LinkOut(BaseModel):
    """A one-time sign-in link; shown once."""

    url: str = Field(examples=["http://127.0.0.1:8765/sign-in#token=…"])
    expires_at: datetime


class SignIn(BaseModel):
    """The secret of a sign-in link."""

    model_config = ConfigDict(extra="forbid")

    link_token: str = Field(min_length=1, max_length=200, description="What stands behind `#token=` in the link.")


class SessionOut(BaseModel):
    """Who is signed in."""

    user: UserOut


class SessionBegun(SessionOut):
    """A session that has just begun; the cookie comes with the response."""

    expires_at: datetime


class TokenIn(BaseModel):
    """An access token to be made."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"name": "import script", "scope": "write", "expires_in_days": 90}},
    )

    name: DisplayName
    scope: Literal["read", "write"] = "read"
    expires_in_days: float | None = Field(default=90, gt=0, le=3660, description="null: works until it is revoked.")


class TokenOut(BaseModel):
    """An access token, without its secret; `prefix` helps to recognise it."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str
    prefix: str
    scope: Literal["read", "write"]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class TokenMade(TokenOut):
    """An access token with its secret, shown this once."""

    token: str = Field(examples=["tms_…"])
