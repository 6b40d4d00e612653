"""What a client needs of the machine: without it the client is skipped, with the reason."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs
import trio

from streamproof.adapters.spec import ClientSpec

_NEED: Final = re.compile(r"(?P<program>[^\s<>=!~]+)\s*(?:(?P<how>>=|==|<)\s*(?P<version>\d+(?:\.\d+)*)\s*)?")
_VERSION: Final = re.compile(r"\d+(?:\.\d+)+|\d+")
_ASKS: Final[Mapping[str, tuple[str, ...]]] = {"go": ("version",), "java": ("-version",), "javac": ("-version",)}
_ASK_TIMEOUT_S: Final = 20.0


@attrs.frozen
class Missing:
    """Why a client cannot run on this machine."""

    reason: str


async def find_missing(spec: ClientSpec) -> Missing | None:
    """What the client lacks: a program, a version of one, its own setup; None if it can be started."""
    for need in spec.needs:
        parts = _NEED.fullmatch(need.strip())
        if parts is None:
            return Missing(f"its need {need!r} is not understood; write `node` or `node>=20`")
        program = parts["program"]
        place = shutil.which(program)
        if place is None:
            return Missing(f"{program} is not on the PATH")
        if parts["how"]:
            found = await _version(place, program)
            if found is None:
                return Missing(f"needs {need}, and {program} does not tell its version")
            if not _fits(found, parts["how"], parts["version"]):
                return Missing(f"needs {need}, found {program} {found}")
    return _not_set_up(spec)


def _not_set_up(spec: ClientSpec) -> Missing | None:
    # A program that is named by a path within the client's folder is made by its setup (a venv, a build).
    if spec.cwd is None or not spec.setup:
        return None
    program = Path(spec.command[0])
    if program.is_absolute() or len(program.parts) == 1 or (spec.cwd / program).exists():
        return None
    return Missing(f"not set up yet, {program} is missing; run `streamproof clients setup {spec.name}`")


async def _version(place: str, program: str) -> str | None:
    ask = _ASKS.get(program, ("--version",))
    try:
        with trio.move_on_after(_ASK_TIMEOUT_S):
            done = await trio.run_process(
                [place, *ask], capture_stdout=True, stderr=subprocess.STDOUT, stdin=b"", check=False
            )
            found = _VERSION.search(done.stdout.decode("utf-8", "replace"))
            return found[0] if found else None
    except OSError:
        pass
    return None


def _fits(found: str, how: str, wanted: str) -> bool:
    has, asked = ([int(part) for part in version.split(".")] for version in (found, wanted))
    width = max(len(has), len(asked))
    if how == "==":
        # `node==20` is any 20: as many parts as were written count.
        return has[: len(asked)] == asked
    has += [0] * (width - len(has))
    asked += [0] * (width - len(asked))
    return has >= asked if how == ">=" else has < asked
