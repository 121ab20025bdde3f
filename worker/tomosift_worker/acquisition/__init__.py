"""Acquisition functions: which volumes a human should see first. Knows tensors, no database."""
