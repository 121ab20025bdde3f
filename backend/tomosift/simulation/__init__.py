"""The subtomogram simulator, pure NumPy/SciPy."""
