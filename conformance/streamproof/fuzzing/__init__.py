"""Fuzzing: streams that keep every rule, drawn by a seed, put to a client until it fails."""
