"""Readers and writers of the field's files, as pure functions."""
