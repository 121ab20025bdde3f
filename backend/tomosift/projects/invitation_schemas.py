"""Wire types of invitations."""

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tomosift.accounts.schemas import DisplayName, LinkToken, Password, UserName
from tomosift.projects.roles import Role

Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class InvitationIn(BaseModel):
    """An invitation to be made."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"note": "Bob", "expires_in_days": 7}})

    note: Note = Field(default="", description="Who it is for; only those who may invite see it.")
    expires_in_days: float = Field(default=7, gt=0, le=90)


class ProjectInvitationIn(InvitationIn):
    """An invitation into a project."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"note": "Bob", "role": "annotator"}})

    role: Role = Role.ANNOTATOR


class InvitationOut(BaseModel):
    """An invitation, without its secret."""

    id: uuid.UUID
    note: str
    project: str | None = Field(description="Short name of the project it leads to; null: the service alone.")
    role: Role | None
    state: Literal["open", "used", "revoked", "expired"]
    made_by: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    used_by: str | None


class InvitationMade(InvitationOut):
    """An invitation with its link, shown this once."""

    url: str = Field(examples=["https://tomosift.example.org/invitation#token=…"])


class InvitationToken(BaseModel):
    """The secret of an invitation."""

    model_config = ConfigDict(extra="forbid")

    token: LinkToken


class InvitationShown(BaseModel):
    """What an invitation leads to."""

    project_name: str | None = Field(description="null: an account, and no project yet.")
    role: Role | None
    made_by: str | None = Field(description="Who invites.")
    expires_at: datetime


class AcceptInvitation(BaseModel):
    """The account that an invitation makes."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "token": "…",
                "name": "bob",
                "display_name": "Bob B.",
                "password": "three words to remember",
            }
        },
    )

    token: LinkToken
    name: UserName
    display_name: DisplayName
    password: Password


class InvitationAccepted(BaseModel):
    """Where the invitation has led."""

    slug: str = Field(description="The project you are in now.")
