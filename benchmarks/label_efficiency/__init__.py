"""How many labels each strategy needs: `python benchmarks/learning.py`."""
