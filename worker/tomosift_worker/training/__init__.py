"""Training methods: tensors in, a trained network out. Knows no database and no files."""
