"""Conditions of allowances that several dialects of chunks share: of what a finding is about, is it allowed?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def entries(about: Any) -> Iterator[dict[str, Any]]:
    """The entries of a chunk for its choices; none of what is no chunk."""
    found = about.get("choices") if isinstance(about, dict) else None
    return (entry for entry in found if isinstance(entry, dict)) if isinstance(found, list) else iter(())


def with_key(*names: str) -> Callable[[Any], bool]:
    """True of a chunk that has one of these keys, itself or in an entry for a choice."""
    return lambda about: (
        isinstance(about, dict) and any(name in part for part in (about, *entries(about)) for name in names)
    )


def finishing_with(*reasons: str) -> Callable[[Any], bool]:
    """True of a chunk in which a choice finishes with one of these."""
    return lambda about: any(entry.get("finish_reason") in reasons for entry in entries(about))


def change_of(value: Any) -> Callable[[Any], bool]:
    """True of a change from or to this value."""
    return lambda about: isinstance(about, tuple) and value in about


def changed_number(about: Any) -> bool:
    """True of a change from one number to another."""
    return isinstance(about, tuple) and all(type(value) is int for value in about)


def said(word: str) -> Callable[[Any], bool]:
    """True of this word."""
    return lambda about: bool(about == word)
