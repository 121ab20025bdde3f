"""Announce this worker: `python -m tomosift_worker.announce NODE_ID`.

A process of its own, because it imports torch to see the device, and the Celery worker stays free of torch.
"""

import argparse
import platform
import socket
import sys

import monai
import torch
from sqlalchemy.dialects.postgresql import insert

import tomosift
from tomosift.kit.broker import GPU_QUEUE
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.settings import get_settings
from tomosift.tables import WorkerNode
from tomosift_worker.catalogue import catalogue
from tomosift_worker.device import DeviceMissing, choose_device, device_name


def announce(node_id: str) -> None:
    """Write the worker's row: its device, its versions and what it can do. Raises DeviceMissing."""
    device = choose_device(get_settings().device)
    row = {
        "hostname": socket.gethostname(),
        "queue": GPU_QUEUE,
        "device": device.type,
        "device_name": device_name(device),
        "versions": {
            "tomosift": tomosift.__version__,
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "monai": str(monai.__version__),
        },
        "catalogue": catalogue(device.type),
        "started_at": utc_now(),
        "heartbeat_at": utc_now(),
    }
    with transaction() as session:
        session.execute(
            insert(WorkerNode).values(id=node_id, **row).on_conflict_do_update(index_elements=["id"], set_=row)
        )


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
