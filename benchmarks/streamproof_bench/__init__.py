"""Benchmarks of streamproof: what it costs, beside what others cost in the same run."""
