"""Annotation: the queue, leases, decisions, undo."""
