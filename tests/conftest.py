"""Fixtures for every test; the services they give are real."""

import os

from hypothesis import HealthCheck, settings

# Before anything imports torch: its threads then sleep while they wait, and tests on a busy computer stay quick.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Processes that share the tests do not wait for each other's threads.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# A busy computer is no failure; and the same examples in every run, unless TOMOSIFT_TEST_EXPLORE asks for new ones.
settings.register_profile(
    "tomosift",
    deadline=None,
    derandomize="TOMOSIFT_TEST_EXPLORE" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tomosift")

pytest_plugins = [
    "fixtures.services",
    "fixtures.live_service",
    "fixtures.object_store",
    "fixtures.api_process",
    "fixtures.worker_processes",
    "fixtures.cheap_passwords",
]
