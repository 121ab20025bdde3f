"""The database's schema: which revision it has, which the program wants, and the way between them.

The migration scripts are the repository's `alembic/` folder; in an installed wheel they lie in `tomosift/migrations`.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine

import tomosift


class MigrationsMissing(RuntimeError):
    """The migration scripts were not installed with the program."""


def scripts_folder() -> Path:
    """The folder that holds `env.py` and `versions/`. Raises `MigrationsMissing`."""
    package = Path(tomosift.__file__).parent
    for folder in (package.parents[1] / "alembic", package / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise MigrationsMissing("the migration scripts are missing; install Tomosift again")


def alembic_config(database_url: str | None = None) -> Config:
    """Alembic's configuration for a database (none: only the scripts are looked at)."""
    config = Config()
    config.set_main_option("script_location", str(scripts_folder()).replace("%", "%%"))
    config.attributes["database_url"] = database_url
    return config


def upgrade_to_head(database_url: str) -> None:
    """Apply the migrations that are missing. Two callers at once are put in a row by a lock in the database."""
    command.upgrade(alembic_config(database_url), "head")


def current_revision(database_url: str) -> str | None:
    """The revision the database has; None when no migration was ever applied."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head_revision() -> str | None:
    """The newest revision this program knows; None when there are no migrations."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def knows_revision(revision: str) -> bool:
    """Whether this program has the migration of that name; if not, a newer program made it."""
    return any(script.revision == revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions())
