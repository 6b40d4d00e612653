"""Settings of a project: `[tool.streamproof]` in pyproject.toml, or streamproof.toml."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from streamproof.errors import StreamproofError
from streamproof_scenarios.delivery import delivery_problem

REPORTS: Final = ("html", "junit", "markdown", "annotations", "badge", "jsonl")
"""Formats that a run can be written in."""


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


def _version(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})*", value):
        return value
    raise ValueError('a version as text, such as "1.0"')


def _deliveries(value: Any) -> tuple[str, ...]:
    names = _texts(value)
    for name in names:
        if name != "random" and (problem := delivery_problem(name)):
            raise ValueError(f"names of deliveries: {name!r}: {problem}")
    return names


def _reports(value: Any) -> tuple[str, ...]:
    names = _texts(value)
    if set(names) <= set(REPORTS):
        return names
    raise ValueError(f"formats of {', '.join(REPORTS)}")


KEYS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "catalogue": _version,
    "strict": _flag,
    "scenarios": _texts,
    "known-failing": _text,
    "known-flaky": _text,
    "delivery": _deliveries,
    "jobs": _count,
    "timeout": _seconds,
    "report": _reports,
}


def load_config(folder: Path) -> Config:
    """Reads `streamproof.toml`, else `[tool.streamproof]` of `pyproject.toml`, in this folder.

    Raises `StreamproofError` for a file that is not TOML, an unknown key, a value of the wrong type.
    """
    own, shared = folder / "streamproof.toml", folder / "pyproject.toml"
    if own.is_file():
        return _config(_read(own), own)
    if shared.is_file():
        tools = _read(shared).get("tool")
        table = tools.get("streamproof") if isinstance(tools, dict) else None
        if table is not None:
            return _config(table, shared)
    return Config()


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StreamproofError(f"{path}: expected TOML, found: {error}") from error
    except OSError as error:
        raise StreamproofError(f"{path}: cannot be read: {error.strerror}") from error


def _config(table: Any, path: Path) -> Config:
    if not isinstance(table, Mapping):
        raise StreamproofError(f"{path}: expected the table [tool.streamproof], found {table!r}")
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
