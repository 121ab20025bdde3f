"""Announce this worker: `python -m tomosift_worker.announce NODE_ID`.

A process of its own, because it imports torch to see the device, and the Celery worker stays free of torch.
"""

import argparse
import sys

import monai
import torch

from tomosift.kit.broker import GPU_QUEUE
from tomosift.kit.presence import computer_memory, write_node
from tomosift.kit.settings import get_settings
from tomosift_worker.catalogue import catalogue
from tomosift_worker.device import DeviceMissing, choose_device, device_name


def announce(node_id: str) -> None:
    """Write the worker's row: its device, its versions and what it can do. Raises DeviceMissing."""
    device = choose_device(get_settings().device)
    write_node(
        node_id,
        GPU_QUEUE,
        device=device.type,
        device_name=device_name(device),
        memory_bytes=_memory(device),
        versions={"torch": str(torch.__version__), "monai": str(monai.__version__)},
        catalogue=catalogue(device.type),
    )


def _memory(device: torch.device) -> int | None:
    """What networks have there, in bytes."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return torch.mps.recommended_max_memory() if device.type == "mps" else computer_memory()


def main() -> int:
    """Announce the worker of the given name."""
    parser = argparse.ArgumentParser(description="Tell the service what this worker can do; the gpu worker runs this.")
    parser.add_argument("node_id", help="the worker's name, such as gpu@host")
    try:
        announce(parser.parse_args().node_id)
    except DeviceMissing as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
