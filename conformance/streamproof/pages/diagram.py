"""A table of states as a diagram in Mermaid, and as the list of what may not come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from streamproof_formats.states import StateTable

_MOST_ABREAST: Final = 5  # states side by side
_FORBIDDEN: Final = re.compile(r"[:;#\n]")
"""What ends or changes a label in Mermaid."""


def mermaid(table: StateTable) -> str:
    """What may come, as a state diagram; signals that lead the same way share an arrow.

    A state that nothing leads to is left out, and so is one that only a breach leads to.
    """
    legal = [arrow for arrow in table.transitions if not arrow.is_breach]
    reached = {table.start}
    for _ in legal:
        reached |= {arrow.target for arrow in legal if arrow.source in reached}
    labels: dict[tuple[str, str], list[str]] = {}
    for arrow in legal:
        if arrow.source in reached:
            labels.setdefault((arrow.source, arrow.target), []).append(arrow.signal)
    # A diagram of many states is wider than a page.
    lines = ["stateDiagram-v2", *(["    direction LR"] if len(reached) <= _MOST_ABREAST else [])]
    lines += [
        f'    state "{_label(state)}" as {_id(state)}'
        for state in table.states
        if state in reached and _id(state) != state
    ]
    lines.append(f"    [*] --> {_id(table.start)}")
    lines += [
        f"    {_id(source)} --> {_id(target)} : {_label(', '.join(signals))}"
        for (source, target), signals in labels.items()
    ]
    leaving = {source for source, target in labels if source != target}
    lines += [f"    {_id(state)} --> [*]" for state in table.states if state in reached - leaving]
    return "\n".join(lines)


def breaches(table: StateTable) -> Iterator[tuple[str, str, tuple[str, ...], str | None]]:
    """By state: the signals that may not come there, the rules that they break, what is expected."""
    groups: dict[tuple[str, tuple[str, ...], str | None], list[str]] = {}
    for arrow in table.transitions:
        if arrow.is_breach:
            groups.setdefault((arrow.source, arrow.rules, arrow.expected), []).append(arrow.signal)
    for (state, rules, expected), signals in groups.items():
        yield state, ", ".join(signals), rules, expected


def _id(state: str) -> str:
    return re.sub(r"\W+", "_", state)


def _label(text: str) -> str:
    return _FORBIDDEN.sub(" ", text)
