"""The process that makes a map: `python -m tomosift_worker.cycle.map_process JOB_ID`; the gpu worker starts it.

A process of its own, so that it runs behind the service and its memory is free again afterwards.
"""

import argparse
import os
import signal
import sys
import uuid

from tomosift.kit.logging import configure_logging
from tomosift.kit.parent_watch import exit_when_stdin_closes
from tomosift.kit.running_job import run_job, stop_running_jobs
from tomosift.kit.settings import get_settings
from tomosift_worker.cycle.map_job import make_map

NICENESS = 10


def main() -> int:
    """Claim the job of a map and do it."""
    parser = argparse.ArgumentParser(description="Lay out the map of a cycle; the gpu worker starts this.")
    parser.add_argument("job_id", type=uuid.UUID, help="the map's job")
    signal.signal(signal.SIGTERM, lambda *_: stop_running_jobs())
    exit_when_stdin_closes()
    os.nice(NICENESS)  # the service and its users on the same computer come first
    configure_logging(get_settings())
    run_job(parser.parse_args().job_id, make_map)
    return 0


if __name__ == "__main__":
    sys.exit(main())
