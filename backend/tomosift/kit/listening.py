"""A plain psycopg connection beside the engine, for LISTEN."""

from sqlalchemy import make_url

from tomosift.kit.database import DatabaseNotConfigured
from tomosift.kit.settings import get_settings


def libpq_url() -> str:
    """The database URL as libpq reads it (SQLAlchemy's names a driver)."""
    url = get_settings().database_url
    if url is None:
        raise DatabaseNotConfigured("TOMOSIFT_DATABASE_URL is not set; start the service with `tomosift up`")
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
