"""The map of a pool: embeddings laid out in two dimensions. Knows tensors, no database."""
