"""Every setting of the program, read from TOMOSIFT_* variables, secret files, or the defaults below."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import platformdirs
from pydantic import AliasChoices, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def default_home() -> Path:
    """The per-user data folder of this operating system."""
    return Path(platformdirs.user_data_dir("tomosift", appauthor=False))


class Settings(BaseSettings):
    """Settings. Each field `name` is the variable `TOMOSIFT_NAME`, or a file `/run/secrets/tomosift_name`."""

    model_config = SettingsConfigDict(
        env_prefix="TOMOSIFT_",
        secrets_dir="/run/secrets" if Path("/run/secrets").is_dir() else None,
        extra="ignore",
    )

    home: Path = Field(default_factory=default_home, description="Data folder: database, volumes, models, logs.")
    host: str = Field(default="127.0.0.1", description="Address the service listens on.")
    port: int = Field(default=8765, ge=1, le=65535, description="TCP port the service listens on.")
    public_url: str | None = Field(
        default=None, description="The address users type, if a reverse proxy stands in front (for links)."
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Further Host names the service answers to, separated by commas. Loopback names always work.",
    )
    database_url: str | None = Field(
        default=None,
        description="postgresql+psycopg://… of a server of your own (PostgreSQL 15 or newer). Default: embedded.",
    )
    redis_url: str | None = Field(
        default=None, description="redis://… or unix://… of a server of your own. Default: embedded."
    )
    store_url: str | None = Field(
        default=None,
        description="Where voxels and models live: a folder or an fsspec URL. Default: HOME/store.",
    )
    store_options: dict[str, Any] = Field(
        default_factory=dict,
        description="What fsspec needs to reach that URL (address, keys), as JSON. Default: nothing.",
    )
    import_roots: Annotated[list[Path], NoDecode] = Field(
        default_factory=list,
        description="Folders the server may read particle files from, separated by ':'. Default: none.",
        validation_alias=AliasChoices("TOMOSIFT_IMPORT_ROOTS", "import_roots"),
    )
    api_processes: int = Field(
        default=0,
        ge=0,
        le=64,
        description="Processes that answer requests, of some 200 MB each; 0: 2 with 4 or more cores, else 1.",
    )
    upload_limit_gb: float = Field(default=200.0, gt=0, description="Largest total size of one upload, in GB.")
    request_limit_mb: float = Field(default=32.0, gt=0, description="Largest size of one request body, in MB.")
    lease_minutes: float = Field(default=20.0, gt=0, description="How long an opened item stays reserved.")
    lease_limit: int = Field(default=32, ge=1, le=1000, description="Most items one person may have reserved at once.")
    export_days: float = Field(default=30.0, gt=0, description="How long the files of an export are kept.")
    denoised_cache_mb: float = Field(
        default=2000.0, gt=0, description="Most disk that denoised volumes take, in MB; the longest unused go first."
    )
    disk_warning_gb: float = Field(
        default=10.0, ge=0, description="Free disk below which the system page and `tomosift doctor` warn, in GB."
    )
    session_days: float = Field(default=30.0, gt=0, description="How long a browser stays signed in.")
    writes_per_minute: int = Field(default=3000, ge=1, description="Most changes one user may make in a minute.")
    sign_in_failures: int = Field(
        default=10,
        ge=1,
        description="Wrong passwords one address may send for one name in 15 minutes; ten times as many for all names.",
    )
    deleted_project_days: float = Field(
        default=30.0, ge=0, description="How long a deleted project can be restored before it is gone."
    )
    oidc_issuer: str | None = Field(
        default=None, description="OpenID Connect provider people may sign in with, e.g. https://login.example.org."
    )
    oidc_client_id: str | None = Field(default=None, description="What this service is called at that provider.")
    oidc_client_secret: str | None = Field(
        default=None, description="Its secret there; leave it out for a public client.", repr=False
    )
    oidc_label: str = Field(default="single sign-on", description="What the sign-in page calls the provider.")
    oidc_match_email: bool = Field(
        default=False, description="Let people in whose verified e-mail address is that of an account here."
    )
    oidc_create_accounts: bool = Field(
        default=False, description="Make an account for everybody whom the provider lets in."
    )
    webhook_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Hosts webhooks may be sent to, separated by commas; `*.example.org`: all below. Default: none.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")
    log_format: Literal["console", "json"] = Field(default="console", description="Log lines for people or programs.")
    device: Literal["auto", "cuda", "mps", "cpu"] = Field(
        default="auto", description="Where networks run. auto takes cuda, then mps, then cpu."
    )

    @field_validator("import_roots", mode="before")
    @classmethod
    def _split_roots(cls, value: object) -> object:
        return [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else value

    @field_validator("allowed_hosts", "webhook_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("oidc_issuer", mode="after")
    @classmethod
    def _safe_issuer(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")):
            raise ValueError("the provider's address must begin with https://")
        return value

    @model_validator(mode="after")
    def _whole_provider(self) -> Self:
        if self.oidc_issuer is not None and self.oidc_client_id is None:
            raise ValueError("TOMOSIFT_OIDC_ISSUER needs TOMOSIFT_OIDC_CLIENT_ID")
        return self

    @field_validator("home", mode="after")
    @classmethod
    def _absolute_home(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def effective_store_url(self) -> str:
        """The volume and artifact store: `store_url`, or a folder in the data folder."""
        return self.store_url or str(self.home / "store")


@lru_cache
def get_settings() -> Settings:
    """The process's settings, read once."""
    return Settings()
