"""A Celery worker as a child of the supervisor: `python -m tomosift.worker_process -A app worker …`.

The same as `celery -A app worker …`, with the program's log lines, and it ends when the supervisor is gone.
"""

from celery.bin.celery import main as celery_main
from celery.signals import setup_logging

from tomosift.kit.logging import configure_logging
from tomosift.kit.parent_watch import exit_when_stdin_closes
from tomosift.kit.settings import get_settings


def _configure_logging(**_of_celery: object) -> None:
    configure_logging(get_settings())


def main() -> None:
    """Run Celery's command line with this process's arguments."""
    exit_when_stdin_closes()
    setup_logging.connect(_configure_logging)
    celery_main()


if __name__ == "__main__":
    main()
