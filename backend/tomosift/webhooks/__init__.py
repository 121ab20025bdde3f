"""Webhooks: other services are told what happens in a project."""
