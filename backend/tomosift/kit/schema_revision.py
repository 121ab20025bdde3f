"""Which revision of the database's schema this program works with: the newest of `alembic/versions`."""

SCHEMA_REVISION = "0004"
"""Written down because finding it means importing Alembic and every migration, a quarter of a second at each start."""
