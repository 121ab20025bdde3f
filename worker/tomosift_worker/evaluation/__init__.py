"""The numbers of a model, from labels it never saw. Knows arrays, no database."""
