"""The pool: subtomograms, uploads and imports."""
