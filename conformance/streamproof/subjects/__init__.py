"""Clients that are part of the project: one that is right, one that makes the usual mistakes."""
