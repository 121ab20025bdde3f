"""The thin task around a denoising process. Free of torch: it runs in the Celery worker."""

import logging
import uuid

from sqlalchemy import exists, select

from tomosift.kit.database import transaction
from tomosift.tables import DenoisedVolume
from tomosift_worker.cycle.helper_process import run_helper

logger = logging.getLogger(__name__)


def supervise_denoising(cycle_id: uuid.UUID) -> None:
    """Let a process of its own make what is wanted of a cycle's denoiser. Killed when this worker stops: nothing is
    lost, because who waits for a volume asks again.
    """
    with transaction() as session:
        wanted = exists().where(DenoisedVolume.cycle_id == cycle_id, DenoisedVolume.state == "wanted")
        if not session.scalar(select(wanted)):
            return
    code = run_helper("denoise_process", str(cycle_id))
    if code > 0:
        logger.error("making denoised volumes of cycle %s failed with exit code %s", cycle_id, code)
