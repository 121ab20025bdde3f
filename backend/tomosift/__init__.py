"""Tomosift: label subtomograms in a browser, let active learning choose which ones."""

__version__ = "0.1.0"
