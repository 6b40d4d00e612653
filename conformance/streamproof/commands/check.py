"""`streamproof check`: judge a client, an endpoint or an adapter."""

from __future__ import annotations

import click

from streamproof.commands.group import CHECKS, LazyGroup


@click.group(cls=LazyGroup, places=CHECKS)
def check() -> None:
    """Judge a client, an endpoint or an adapter."""
