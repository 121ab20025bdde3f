"""The Celery application both sides share: it only carries messages, all state is in Postgres."""

from functools import lru_cache
from typing import Any

from celery import Celery

from tomosift.kit.redis_urls import FILE_BROKER, celery_url, key_prefix
from tomosift.kit.settings import Settings, get_settings

CPU_QUEUE = "cpu"
GPU_QUEUE = "gpu"


@lru_cache
def get_celery() -> Celery:
    """The process's Celery application on `Settings.redis_url` (the supervisor sets it for its children)."""
    return make_celery(get_settings())


def make_celery(settings: Settings) -> Celery:
    """A Celery application: JSON only, one message at a time, no results kept."""
    app = Celery("tomosift", broker=celery_url(settings.redis_url) if settings.redis_url else None)
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        result_serializer="json",
        result_backend=None,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        # Acknowledged early on purpose: a job's life is tracked in Postgres, and the reaper puts lost work back.
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        task_default_queue=CPU_QUEUE,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_enable_remote_control=True,
        enable_utc=True,
        broker_transport_options=_transport_options(settings),
    )
    return app


def _transport_options(settings: Settings) -> dict[str, Any]:
    redis_url = settings.redis_url or ""
    if redis_url.startswith(FILE_BROKER):
        folder = settings.home / "broker"
        return {
            "data_folder_in": str(folder / "messages"),
            "data_folder_out": str(folder / "messages"),
            "control_folder": str(folder / "control"),
        }
    # Publishing fails fast: the outbox tries again.
    options: dict[str, Any] = {"socket_connect_timeout": 2, "socket_timeout": 10, "socket_keepalive": True}
    prefix = key_prefix(redis_url)
    return {**options, "global_keyprefix": prefix} if prefix else options
