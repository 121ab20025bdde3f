"""The thin task around the process that makes a map. Free of torch: it runs in the Celery worker."""

import logging
import uuid

from tomosift_worker.cycle.helper_process import run_helper

logger = logging.getLogger(__name__)


def supervise_map(job_id: uuid.UUID) -> None:
    """Let a process of its own do the job of a map. Where that is killed, the lease ends and the job is tried again."""
    code = run_helper("map_process", str(job_id))
    if code > 0:
        logger.error("the map of job %s failed with exit code %s", job_id, code)
