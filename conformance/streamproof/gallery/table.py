"""The table of results: every client against the catalogue, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import attrs

from streamproof.adapters.said import Hello
from streamproof.adapters.spec import ClientSpec
from streamproof_reports.document import VERDICTS, CaseResult

COLUMNS: Final = tuple(verdict for verdict in VERDICTS if verdict not in {"xfail", "xpass"})
NAMED: Final = 6
"""Scenarios that a cell names."""


@attrs.frozen(kw_only=True)
class Row:
    """One client and what it got; `missing` says why it could not run."""

    spec: ClientSpec
    hello: Hello | None = None
    cases: tuple[CaseResult, ...] = ()
    missing: str | None = None


def table(rows: Sequence[Row], *, version: str, scenarios: int, command: str) -> str:
    """The whole page.  Cases are in the delivery of the scenario; verdicts are never merged."""
    explained = (
        "A case is a scenario for one dialect and variant, in its first delivery. `skip`: the client does not have "
        "what the scenario needs, or does not speak its dialect; a skip never counts as a pass."
    )
    lines = [
        "# Results of real clients",
        "",
        f"{scenarios} scenarios of streamproof {version}; made by `{command}`, which overwrites this page.",
        explained,
        "",
        f"| client | version | runtime | {' | '.join(COLUMNS)} |",
        f"|---|---|---|{'---:|' * len(COLUMNS)}",
    ]
    lines += [_row(row) for row in rows]
    for row in rows:
        if row.hello is not None:
            lines += ["", f"## {row.spec.label}", "", row.spec.about, "", *_failures(row)]
    return "\n".join(lines) + "\n"


def _row(row: Row) -> str:
    if row.hello is None:
        return f"| {row.spec.label} | | not run: {row.missing} | {' | '.join('' for _ in COLUMNS)} |"
    counts = Counter(case.verdict for case in row.cases)
    numbers = " | ".join(str(counts[verdict]) for verdict in COLUMNS)
    return f"| [{row.spec.label}](#{_anchor(row.spec.label)}) | {row.hello.version} | {row.hello.runtime} | {numbers} |"


def _anchor(label: str) -> str:
    return "".join(c for c in label.lower() if c.isalnum() or c in "-_")


def _failures(row: Row) -> list[str]:
    """Per check, the scenarios that fail or warn by it."""
    found: dict[tuple[str, str], list[str]] = {}
    for case in row.cases:
        if case.verdict in {"fail", "warn", "flaky", "adapter_error", "harness_error"}:
            check = case.findings[0].check if case.findings else case.reason or ""
            found.setdefault((case.verdict, check), []).append(case.case)
    if not found:
        return ["Nothing failed or warned."]
    lines = ["| verdict | first check | cases |", "|---|---|---|"]
    for (verdict, check), names in sorted(found.items()):
        named = ", ".join(f"`{name}`" for name in names[:NAMED])
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        lines.append(f"| {verdict} | {check} | {named}{more} |")
    return lines
