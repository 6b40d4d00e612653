"""Links to what scenarios and questions rest on: rules of the book, and threads where the bug was met."""

from __future__ import annotations

from collections.abc import Iterable

from streamproof.pages.subjects import subject_of
from streamproof_formats.rules import RULES


def linked(refs: Iterable[str], *, up: str) -> str:
    """Rules and threads as links; `up` leads from the page to the folder of documents."""
    return ", ".join(_link(ref, up) for ref in refs)


def _link(ref: str, up: str) -> str:
    if ref in RULES:
        return f"[{ref}]({up}dialects/{subject_of(RULES[ref]).name}.md#{ref.lower()})"
    repository, _, number = ref.partition("#")
    return f"[{ref}](https://github.com/{repository}/issues/{number})"


def scenario_link(id_: str, *, up: str) -> str:
    """A link to a scenario's place in the catalogue."""
    folder, _, name = id_.partition("/")
    return f"[`{id_}`]({up}catalogue/{folder}.md#{name})"
