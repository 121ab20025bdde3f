"""Fixtures for every test; the services they give are real."""

pytest_plugins = ["fixtures.services", "fixtures.live_service"]
