"""How alembic runs Tomosift's migrations. Called through `tomosift.kit.migrations`, or by the `alembic` command."""

from alembic import context
from sqlalchemy import NullPool, create_engine, text

from tomosift.kit.settings import get_settings
from tomosift.tables import Base

# Two programs that start at once would run the same migration twice. Any number will do; it must stay the same.
UPGRADE_LOCK = 815_043_211
# A migration waits for tables in use rather than block everybody behind it for long; on a large table it may work long.
LOCK_TIMEOUT = "15s"
STATEMENT_TIMEOUT = "30min"


def database_url() -> str:
    """The database the caller named, or the one of the settings."""
    url = context.config.attributes.get("database_url") or get_settings().database_url
    if url is None:
        raise SystemExit("TOMOSIFT_DATABASE_URL is not set: which database shall be migrated?")
    return str(url)


def write_sql() -> None:
    """`alembic upgrade --sql`: print the statements instead of running them."""
    context.configure(url=database_url(), target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def migrate() -> None:
    """Run the migrations in one transaction, one caller at a time."""
    engine = create_engine(database_url(), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": UPGRADE_LOCK})
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
        connection.commit()
        # The lock and the timeouts belong to the connection, and end with it.
        context.configure(connection=connection, target_metadata=Base.metadata, compare_server_default=True)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    write_sql()
else:
    migrate()
