"""The thin task around a denoising process. Free of torch: it runs in the Celery worker."""

import logging
import os
import subprocess
import sys
import uuid

from sqlalchemy import exists, select

from tomosift.kit.database import transaction
from tomosift.kit.parent_watch import PARENT_PIPE_VARIABLE
from tomosift.tables import DenoisedVolume
from tomosift_worker.cycle.supervision import THREADS_THAT_SLEEP, is_stopping

POLL_SECONDS = 0.5

logger = logging.getLogger(__name__)


def supervise_denoising(cycle_id: uuid.UUID) -> None:
    """Let a process of its own make what is wanted of a cycle's denoiser. Killed when this worker stops: nothing is
    lost, because who waits for a volume asks again.
    """
    with transaction() as session:
        wanted = exists().where(DenoisedVolume.cycle_id == cycle_id, DenoisedVolume.state == "wanted")
        if not session.scalar(select(wanted)):
            return
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "tomosift_worker.cycle.denoise_process", str(cycle_id)],
        stdin=subprocess.PIPE,  # closes with this process, which ends that one
        env={**THREADS_THAT_SLEEP, **os.environ, PARENT_PIPE_VARIABLE: "1"},
    )
    try:
        while process.poll() is None and not is_stopping():
            try:
                process.wait(POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    finally:
        if process.poll() is None:
            process.kill()
        code = process.wait()
        if process.stdin is not None:
            process.stdin.close()
    if code > 0:
        logger.error("making denoised volumes of cycle %s failed with exit code %s", cycle_id, code)
