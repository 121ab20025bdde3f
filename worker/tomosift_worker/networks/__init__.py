"""The task networks: 3D classifiers of subtomograms."""
