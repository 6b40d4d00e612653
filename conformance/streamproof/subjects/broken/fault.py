"""One fault, and how it gets into the reference client."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from streamproof.subjects.reference.dialects import DIALECTS
from streamproof.subjects.reference.reader import Reader

Json = Any
Wrapper = Callable[..., Any]
"""Gets the original, then its arguments."""

EVERYWHERE: Final = ("**",)


@attrs.frozen
class Fault:
    """A mistake that clients make."""

    name: str
    about: str
    """What the client does, in words that complete "This client ..."."""
    install: Callable[[], None]
    """Puts the fault into the reference client of this process."""
    played: tuple[str, ...] = attrs.field(default=EVERYWHERE, kw_only=True)
    """Patterns of the scenarios that it is worth playing: a client that hangs costs its deadline each time."""
    dialect: str | None = attrs.field(default=None, kw_only=True)
    """The dialect that alone has what it gets wrong; None where any dialect may show it."""
    meets_waiting: bool = attrs.field(default=False, kw_only=True)
    """True where scenarios that wait for seconds may show it."""
    is_timed: bool = attrs.field(default=False, kw_only=True)
    """True where it goes by what one read brings, so that only what the server cuts by itself shows it each time."""


def around(owner: object, name: str, wrapper: Wrapper) -> Callable[[], None]:
    """Installs: `wrapper(original, *arguments)` is called in place of a function or method."""

    def install() -> None:
        original = getattr(owner, name)

        def replacement(*arguments: Any, **named: Any) -> Any:
            return wrapper(original, *arguments, **named)

        setattr(owner, name, replacement)

    return install


def value(owner: object, name: str, other: object) -> Callable[[], None]:
    """Installs: another value in place of a constant."""
    return lambda: setattr(owner, name, other)


def together(*installs: Callable[[], None]) -> Callable[[], None]:
    """Installs several changes that make up one fault."""

    def install() -> None:
        for part in installs:
            part()

    return install


def reading(wrapper: Wrapper) -> Callable[[], None]:
    """Installs: `wrapper(original, reader, chunk)` reads each chunk, in every dialect."""
    return _in_readers("read", wrapper)


def erring(wrapper: Wrapper) -> Callable[[], None]:
    """Installs: `wrapper(original, reader, chunk, event_type)` tells the error of a chunk, in every dialect."""
    return _in_readers("error_in", wrapper)


def finishing(wrapper: Wrapper) -> Callable[[], None]:
    """Installs: `wrapper(original, reader)` takes the terminal, in every dialect."""
    return _in_readers("finish", wrapper)


def _in_readers(name: str, wrapper: Wrapper) -> Callable[[], None]:
    classes: dict[type, None] = {}
    for dialect in DIALECTS.values():
        if isinstance(dialect.reader, type):
            classes.update(dict.fromkeys(part for part in dialect.reader.__mro__ if name in vars(part)))
    return together(*(around(part, name, wrapper) for part in classes if part is not ABC))


def rewriting(rewrite: Callable[[dict[str, Json]], dict[str, Json] | None]) -> Callable[[], None]:
    """Installs: each chunk is read as `rewrite` makes it; None for one that is passed over."""

    def read(original: Any, reader: Reader, chunk: Mapping[str, Json]) -> Any:
        made = rewrite(dict(chunk))
        if made is not None:
            yield from original(reader, made)

    return reading(read)
