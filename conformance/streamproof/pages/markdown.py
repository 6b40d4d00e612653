"""Pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

MADE_BY: Final = (
    "<!-- Made by `python -m streamproof.pages` from the data of the project: change that, not this page. -->"
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar in a cell is escaped."""
    lines = [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in cells)} |"


def code(text: str, language: str = "") -> str:
    """A block of code."""
    return f"```{language}\n{text}\n```"


def page(*parts: str) -> str:
    """Parts with blank lines between; empty ones are left out."""
    return "\n\n".join(part for part in parts if part) + "\n"


def plain(text: str) -> str:
    """Text in which nothing is markup: angle brackets, stars and underscores stay what they are."""
    for mark in ("<", ">", "*", "_"):
        text = text.replace(mark, f"\\{mark}")
    return text
