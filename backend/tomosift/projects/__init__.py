"""Projects, their class sets and members."""
