"""The page of results: every client against the catalogue, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from streamproof.gallery.row import Row
from streamproof_reports.document import VERDICTS, CaseResult

COLUMNS: Final = tuple(verdict for verdict in VERDICTS if verdict not in {"xfail", "xpass"})
NAMED: Final = 6
"""Cases that a cell names."""

_EXPLAINED: Final = (
    "A case is a scenario for one dialect and variant in one delivery. `warn`: the documents leave it open, or servers "
    "are known to do it although they should not. `flaky`: known to fare differently from run to run. `skip`: the "
    "client does not have what the scenario needs, or does not speak its dialect; a skip never counts as a pass. Below "
    "each client stands what makes its cases fail; line numbers are those of the versions named, or of the files in "
    "`clients/`."
)


def table(rows: Sequence[Row], *, version: str, scenarios: int, command: str) -> str:
    """The whole page: the same for the same verdicts.  Verdicts are never merged."""
    lines = [
        "# Results of real clients",
        "",
        f"{scenarios} scenarios of streamproof {version}; made by `{command}`, which overwrites this page.",
        _EXPLAINED,
        "",
        f"| client | version | runtime | {' | '.join(COLUMNS)} |",
        f"|---|---|---|{'---:|' * len(COLUMNS)}",
    ]
    lines += [_row(row) for row in rows]
    for name in dict.fromkeys(row.spec.name for row in rows):
        own = [row for row in rows if row.spec.name == name and row.hello is not None]
        if own:
            lines += ["", f"## {name}", *_client(own)]
    return "\n".join(lines) + "\n"


def _row(row: Row) -> str:
    if row.hello is None:
        return f"| {row.spec.label} | | not run: {row.missing} | {' | '.join('' for _ in COLUMNS)} |"
    counts = Counter(row.verdict_of(case) for case in row.cases)
    numbers = " | ".join(str(counts[verdict]) for verdict in COLUMNS)
    return f"| [{row.spec.label}](#{row.spec.name}) | {row.hello.version} | {row.hello.runtime} | {numbers} |"


def _client(rows: Sequence[Row]) -> list[str]:
    """The entries of one client, then what its failures come from."""
    lines: list[str] = []
    for row in rows:
        if len(rows) > 1:
            lines += ["", f"### {row.spec.label}"]
        lines += ["", row.spec.about, "", *_checks(row)]
    if rows[0].failures.text:
        lines += ["", "What they come from:" if len(rows) == 1 else "What they come from, in both:"]
        lines += ["", rows[0].failures.text]
    open_ = _names(case for row in rows for case in row.unexplained)
    if open_:
        lines += ["", f"Not looked into yet: {', '.join(f'`{name}`' for name in open_)}"]
    return lines


def _checks(row: Row) -> list[str]:
    """Per verdict and first check, the cases."""
    found: dict[tuple[str, str], list[CaseResult]] = {}
    for case in row.wrong:
        if row.is_known_flaky(case):
            key = ("flaky", "differs from run to run")
        else:
            key = (case.verdict, case.findings[0].check if case.findings else case.reason or "")
        found.setdefault(key, []).append(case)
    if not found:
        return ["Nothing failed or warned."]
    lines = ["| verdict | first check | cases |", "|---|---|---|"]
    for (verdict, check), cases in sorted(found.items()):
        names = _names(cases)
        named = ", ".join(f"`{name}`" for name in names[:NAMED])
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        lines.append(f"| {verdict} | {check} | {named}{more} |")
    return lines


def _names(cases: Iterable[CaseResult]) -> list[str]:
    """Each case once, whatever its deliveries."""
    return sorted({case.case for case in cases})
