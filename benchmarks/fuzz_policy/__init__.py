"""`python -m benchmarks.fuzz_policy`: any chat at all, and four promises that must hold in each."""
