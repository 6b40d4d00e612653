"""Broken clients: the reference client with one named fault each, to show that a scenario can be failed.

`python -m streamproof.subjects.broken FAULT` speaks the adapter protocol.
"""
