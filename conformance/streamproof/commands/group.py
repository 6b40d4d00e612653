"""The tree of commands."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import Final

import click

from streamproof import __version__

COMMANDS: Final[Mapping[str, str]] = {
    "demo": "streamproof.commands.demo:demo",
    "check": "streamproof.commands.check:check",
    "serve": "streamproof.commands.serve:serve",
    "fuzz": "streamproof.commands.fuzz:fuzz",
    "inspect": "streamproof.commands.inspect:inspect",
    "list": "streamproof.commands.listing:list_",
    "show": "streamproof.commands.show:show",
    "new": "streamproof.commands.new:new",
    "lint": "streamproof.commands.lint:lint",
    "explain": "streamproof.commands.explain:explain",
    "schema": "streamproof.commands.schema:schema",
    "clients": "streamproof.commands.clients:clients",
    "report": "streamproof.commands.report:report",
    "doctor": "streamproof.commands.doctor:doctor",
}
"""Each command's name and where it is; a command is imported only when it is used."""

CHECKS: Final[Mapping[str, str]] = {
    "client": "streamproof.commands.check_client:check_client",
    "endpoint": "streamproof.commands.check_endpoint:check_endpoint",
    "adapter": "streamproof.commands.check_adapter:check_adapter",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for, and which guesses at misspelt ones."""

    def __init__(self, *, places: Mapping[str, str], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in the order of the table."""
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; an unknown one is a usage error that names the nearest."""
        place = self._places.get(cmd_name)
        if place is None:
            near = difflib.get_close_matches(cmd_name, self._places, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(self._places)}."
            raise click.UsageError(f"No such command {cmd_name!r}.{hint}", ctx)
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=LazyGroup, places=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="streamproof")
def cli() -> None:
    """Does this client, or this endpoint, handle LLM streams as the documents say?

    Exit codes: 0 conforms, 1 does not, 2 usage, configuration or scenario file, 3 could not judge, 5 nothing
    selected, 130 interrupted.
    """
