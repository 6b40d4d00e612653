"""Settings of a project: `[tool.streamproof]` in pyproject.toml, or streamproof.toml."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from streamproof.errors import StreamproofError


@attrs.frozen(kw_only=True)
class Config:
    """What a project's file says; a command line option wins over it."""

    catalogue: str | None = None
    """The set of scenarios that is pinned, such as `1.0`: newer ones warn instead of failing."""
    strict: bool = False
    scenarios: tuple[str, ...] = ()
    """Folders of the project's own scenarios, beside the shipped ones."""
    known_failing: str | None = None
    known_flaky: str | None = None
    delivery: tuple[str, ...] = ()
    jobs: int | None = None
    timeout: float | None = None
    """Seconds that one run of a client may take beside the waits of its stream."""
    report: tuple[str, ...] = ()
    source: str | None = None
    """The file that was read."""


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ValueError("a text or a list of texts")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("a text")


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ValueError("true or false")


def _count(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise ValueError("a whole number above 0")


def _seconds(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return float(value)
    raise ValueError("a number of seconds above 0")


KEYS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "catalogue": _text,
    "strict": _flag,
    "scenarios": _texts,
    "known-failing": _text,
    "known-flaky": _text,
    "delivery": _texts,
    "jobs": _count,
    "timeout": _seconds,
    "report": _texts,
}


def load_config(folder: Path) -> Config:
    """Reads `streamproof.toml`, else `[tool.streamproof]` of `pyproject.toml`, in this folder.

    Raises `StreamproofError` for a file that is not TOML, an unknown key, a value of the wrong type.
    """
    own, shared = folder / "streamproof.toml", folder / "pyproject.toml"
    if own.is_file():
        return _config(_read(own), own)
    if shared.is_file():
        table = _read(shared).get("tool", {}).get("streamproof")
        if table is not None:
            return _config(table, shared)
    return Config()


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StreamproofError(f"{path}: expected TOML, found: {error}") from error


def _config(table: Mapping[str, Any], path: Path) -> Config:
    values = {}
    for key, value in table.items():
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(KEYS)}"
            raise StreamproofError(f"{path}: unknown key {key!r}", hint)
        try:
            values[key.replace("-", "_")] = KEYS[key](value)
        except ValueError as error:
            raise StreamproofError(f"{path}: {key} must be {error}, found {value!r}") from error
    return Config(**values, source=str(path))
