"""Cycles: launch, follow, cancel; the learning curve."""
