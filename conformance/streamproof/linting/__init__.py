"""Lint: a scenario breaks exactly what it says, and what it expects can be met."""
