"""The denoising process: `python -m tomosift_worker.cycle.denoise_process CYCLE_ID`; the gpu worker starts it."""

import argparse
import os
import sys
import uuid

from tomosift.kit.logging import configure_logging
from tomosift.kit.parent_watch import exit_when_stdin_closes
from tomosift.kit.settings import get_settings
from tomosift_worker.cycle.denoiser import make_wanted

NICENESS = 10


def main() -> int:
    """Make the denoised volumes that are asked for of a cycle's denoiser."""
    parser = argparse.ArgumentParser(description="Make denoised volumes; the gpu worker starts this.")
    parser.add_argument("cycle_id", type=uuid.UUID, help="the cycle whose denoiser is to be used")
    exit_when_stdin_closes()
    os.nice(NICENESS)  # the service and its users on the same computer come first
    settings = get_settings()
    configure_logging(settings)
    make_wanted(parser.parse_args().cycle_id, settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
