"""Fixtures for every test; the services they give are real."""

import os

# Before anything imports torch: its threads then sleep while they wait, and tests on a busy computer stay quick.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

pytest_plugins = [
    "fixtures.services",
    "fixtures.live_service",
    "fixtures.object_store",
    "fixtures.api_process",
    "fixtures.worker_processes",
]
