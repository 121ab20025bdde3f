"""How the training process tells its supervisor why it ended."""

FINISHED = 0
"""The job is over and its results are published."""
FAILED = 10
"""The job is over; a problem is recorded."""
STOPPED = 11
"""It was asked to stop and has left a checkpoint; the job is still held."""
FENCED_OFF = 12
"""Another attempt holds the job; nothing was written."""
NO_DATABASE = 13
"""The database went away; a further attempt goes on from the last checkpoint."""
REPLICA_LOST = 14
"""A further process of the training was lost; a further attempt goes on from the last checkpoint."""
OUT_OF_MEMORY = 15
"""Of a further process of the training: its device's memory is full."""
