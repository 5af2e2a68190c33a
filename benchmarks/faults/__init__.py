"""Faults for real: `python -m benchmarks.faults` breaks a running product and counts what was lost."""
