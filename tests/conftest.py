"""Fixtures for every test; the services they give are real."""

import os

# Before anything imports torch: its threads then sleep while they wait, and tests on a busy computer stay quick.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Processes that share the tests do not wait for each other's threads.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest_plugins = [
    "fixtures.services",
    "fixtures.live_service",
    "fixtures.object_store",
    "fixtures.api_process",
    "fixtures.worker_processes",
    "fixtures.cheap_passwords",
]
