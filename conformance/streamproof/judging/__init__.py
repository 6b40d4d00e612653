"""Judging: what a stream asks of a client, what the client made of it, and what that is worth."""
