"""Consensus: labels by rules that model how often each person is right."""
