"""The training process: `python -m tomosift_worker.cycle JOB_ID FENCING_TOKEN`.

A fresh process for each cycle (torch survives no fork, and the device's memory is free again afterwards). It ends
when the worker that started it is gone (its standard input closes), and stops cleanly, with a checkpoint, on SIGTERM.
"""

import argparse
import logging
import os
import secrets
import signal
import sys
import uuid

from sqlalchemy.exc import InterfaceError, OperationalError

from tomosift.kit.job_control import FencedOff
from tomosift.kit.logging import configure_logging
from tomosift.kit.parent_watch import exit_when_stdin_closes
from tomosift.kit.problems import ProblemError
from tomosift.kit.running_job import Stopping, stop_running_jobs
from tomosift.kit.settings import get_settings
from tomosift_worker.cycle.exit_codes import FAILED, FENCED_OFF, FINISHED, NO_DATABASE, REPLICA_LOST, STOPPED

NICENESS = 10

logger = logging.getLogger(__name__)


def main() -> int:
    """Run the cycle of a job. The exit code is one of `exit_codes`."""
    parser = argparse.ArgumentParser(description="Run one cycle; the gpu worker starts this.")
    parser.add_argument("job_id", type=uuid.UUID, help="the cycle's job")
    parser.add_argument("fencing_token", type=int, help="the token the job was claimed with")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: stop_running_jobs())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at a terminal is for the worker, which stops this one
    exit_when_stdin_closes()
    os.nice(NICENESS)  # the service and its users on the same computer come first
    settings = get_settings()
    configure_logging(settings)
    # After the signals are set: importing torch takes seconds.
    from tomosift_worker.cycle.replicas import ReplicaLost
    from tomosift_worker.cycle.run import held_job, record_problem, run_cycle

    try:
        job = held_job(arguments.job_id, arguments.fencing_token)
        try:
            run_cycle(job, settings)
        except ProblemError as problem:
            record_problem(job, problem)
            return FAILED
        except ReplicaLost:
            logger.exception("job %s lost a process of its training", arguments.job_id)
            return REPLICA_LOST
        except (FencedOff, Stopping, OperationalError, InterfaceError):
            raise
        except Exception:
            incident = secrets.token_hex(4)
            logger.exception("incident %s: cycle of job %s failed", incident, arguments.job_id)
            record_problem(job, _unexpected(incident))
            return FAILED
    except Stopping:
        return STOPPED
    except FencedOff:
        logger.warning("job %s was taken over by another attempt; nothing written", arguments.job_id)
        return FENCED_OFF
    except (OperationalError, InterfaceError):
        logger.exception("job %s lost the database", arguments.job_id)
        return NO_DATABASE
    return FINISHED


def _unexpected(incident: str) -> ProblemError:
    return ProblemError(
        500,
        "unexpected",
        "Something went wrong in the cycle",
        f"No label was lost. Launch the cycle again; if it fails again, give the administrator the number {incident}: "
        "the log of the training worker has the cause.",
        incident=incident,
    )


if __name__ == "__main__":
    sys.exit(main())
