"""Exports: what was decided, as files the next program reads."""
