"""What to start as a client under test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Final, Literal

import attrs

Kind = Literal["long-lived", "one-shot", "plain"]

BUILT_IN: Final[Mapping[str, str]] = {
    "reference": "Our own client, which shares no decoding with the judge: it passes every scenario",
    "naive": "A client as people write it on a first day: what it gets wrong is what the scenarios are for",
}


@attrs.frozen(kw_only=True)
class ClientSpec:
    """A client, and one way (entry) to start it."""

    name: str
    about: str = ""
    entry: str = ""
    """Name of the entry in `client.yaml`; "" where there is none."""
    command: tuple[str, ...]
    env: Mapping[str, str] = attrs.field(factory=dict)
    kind: Kind = "long-lived"
    cwd: str | None = None
    needs: tuple[str, ...] = ()
    """Programs that must be on the PATH: `node`, `python3>=3.9`."""
    setup: tuple[tuple[str, ...], ...] = ()
    """Commands that make it ready, to be run in `cwd`."""
    dialects: tuple[str, ...] = ("openai-chat",)
    """For `one-shot` and `plain`; a long-lived client says it itself."""
    capabilities: frozenset[str] = frozenset()
    """For `one-shot` and `plain`; a long-lived client says it itself."""
    path: str | None = None
    """The `client.yaml` that says so."""

    @property
    def label(self) -> str:
        """The client as a user names it: `NAME` or `NAME:ENTRY`."""
        return f"{self.name}:{self.entry}" if self.entry else self.name


def own_python() -> dict[str, str]:
    """Variables under which our own interpreter, started anew, finds the modules that this process finds."""
    return {"PYTHONPATH": os.pathsep.join(place for place in sys.path if place)}


def command_client(
    command: Sequence[str],
    kind: Kind = "long-lived",
    dialects: Sequence[str] = (),
    capabilities: Iterable[str] = (),
) -> ClientSpec:
    """The client that a command line names; `dialects` and `capabilities` for one that cannot say them itself."""
    program, *arguments = command
    script = next((word for word in arguments if not word.startswith("-") and "{" not in word), None)
    words = [PurePath(word).name or word for word in (program, script) if word]
    return ClientSpec(
        name=" ".join(words),
        command=tuple(command),
        kind=kind,
        dialects=tuple(dialects) or ("openai-chat",),
        capabilities=frozenset(capabilities),
    )


def python_client(target: str, dialects: Sequence[str] = (), capabilities: Iterable[str] = ()) -> ClientSpec:
    """The client that a function is, `module:function`: run by our own interpreter, in a process of its own."""
    command = [sys.executable, "-m", "streamproof.adapters.python_function"]
    for option, values in (("--dialects", dialects), ("--capabilities", sorted(capabilities))):
        if values:
            command += [option, ",".join(values)]
    return ClientSpec(name=target, command=(*command, target), env=own_python())


def built_in(name: str) -> ClientSpec:
    """The client of this name in the package.  KeyError if there is none."""
    return ClientSpec(
        name=name,
        about=BUILT_IN[name],
        command=(sys.executable, "-m", f"streamproof.subjects.{name}"),
        env=own_python(),
    )


def broken_client(fault: str) -> ClientSpec:
    """The reference client with one fault of `streamproof.subjects.broken`."""
    return ClientSpec(
        name=fault, command=(sys.executable, "-m", "streamproof.subjects.broken", fault), env=own_python()
    )
