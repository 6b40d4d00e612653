"""The anatomy of a failure: five blocks, always all five and always in this order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal

import attrs

from streamproof_reports.bytesview import NARROW_ROW, ROW, byte_lines, range_text, span
from streamproof_reports.difference import difference_lines, told
from streamproof_reports.document import CaseFinding, CaseResult
from streamproof_reports.eventview import event_lines
from streamproof_reports.line import Line
from streamproof_reports.text import LONGEST, counted, shorten, visible

BlockName = Literal["where", "rule", "sent", "said", "reproduce"]

TIMED: Final = frozenset({"hang", "held-connection", "early-retry", "late", "slow"})
"""Checks that rest on time: another machine, or another day, may not show the same."""

WIDE: Final = 140
"""Columns of a block where no screen says how many there are."""

_HEX_COLUMNS: Final = 74
_FEW_BYTES: Final = 48
"""A finding about so few bytes is shown in hex: which bytes they are is the question."""


@attrs.frozen(kw_only=True)
class RuleText:
    """What a report says of a rule."""

    title: str
    """The statement."""
    strength: str
    """`MUST`, `SHOULD NOT`, ..."""
    document: str
    section: str
    url: str


DescribeRule = Callable[[str], RuleText | None]
"""The text of a rule by its id, None for an id that is not known."""


def no_rules(_: str) -> None:
    """Knows no rule: only their ids are shown."""


@attrs.frozen(kw_only=True)
class Block:
    """One of the five, in printable lines."""

    name: BlockName
    label: str
    lines: tuple[Line, ...]


@attrs.frozen(kw_only=True)
class FindingGroup:
    """The findings of one check (and, at an endpoint, of one rule): the first stands for all."""

    first: CaseFinding
    number: int

    @property
    def name(self) -> str:
        """The check; at an endpoint the rule."""
        return visible(self.first.rule if self.first.check == "rule" and self.first.rule else self.first.check)

    @property
    def message(self) -> str:
        """The first message, and how many more there are."""
        more = f" (and {self.number - 1} more)" if self.number > 1 else ""
        return visible(shorten(self.first.message, LONGEST)) + more

    @property
    def bytes(self) -> str:
        """The place of the first, empty where it has none."""
        first = self.first
        if first.start is None:
            return ""
        return range_text(first.start, max(first.end or 0, first.start + 1))


def finding_groups(findings: Sequence[CaseFinding]) -> tuple[FindingGroup, ...]:
    """Findings of one check are one group; where the check is `rule`, those of one rule.  In order of appearance."""
    groups: dict[tuple[str, str | None], list[CaseFinding]] = {}
    for finding in findings:
        key = (finding.check, finding.rule if finding.check == "rule" else None)
        groups.setdefault(key, []).append(finding)
    return tuple(FindingGroup(first=group[0], number=len(group)) for group in groups.values())


def headline(case: CaseResult) -> str:
    """`openai-chat/text/plain [bytewise] reference`: what a case is called."""
    parts = [case.case, *([f"[{case.delivery}]"] if case.delivery else []), *([case.client] if case.client else [])]
    return visible(" ".join(parts))


def gist(case: CaseResult) -> str:
    """The one line that says what is wrong."""
    groups = finding_groups(case.findings)
    if not groups:
        return visible(shorten(case.reason or "no reason was given", LONGEST))
    first = groups[0]
    others = len(groups) - 1
    text = f"{first.name}: {first.message}"
    return text + (f"; {counted(others, 'other check')} too" if others else "")


def rule_ids(case: CaseResult) -> tuple[str, ...]:
    """The rules that the findings name, each once, in order."""
    return tuple(dict.fromkeys(finding.rule for finding in case.findings if finding.rule))


def place(case: CaseResult) -> tuple[str | None, int | None]:
    """Scenario file and the line of the first finding that has one, else of the stream."""
    line = next((finding.line for finding in case.findings if finding.line is not None), case.line)
    return case.path, line


def _where(case: CaseResult) -> Iterable[Line]:
    path, line = place(case)
    if path is not None:
        yield Line(visible(path) + (f":{line}" if line is not None else ""), "strong")
    elif case.probe is not None:
        yield Line(f"probe {visible(case.probe)}", "strong")
    else:
        yield Line("the file of the scenario is not recorded", "faint")
    if case.title:
        yield Line(visible(case.title), "plain")


def broken_rules(case: CaseResult) -> frozenset[str]:
    """The rules that were judged themselves.

    A check of a client only refers to a rule: what it says is broken is the check, whatever the level of the rule.
    """
    return frozenset(finding.rule for finding in case.findings if finding.rule and finding.check == "rule")


def _rule(case: CaseResult, describe: DescribeRule, limit: int) -> Iterable[Line]:
    ids, broken = rule_ids(case), broken_rules(case)
    levels = {finding.rule: finding for finding in reversed(case.findings) if finding.rule}
    for rule in ids[:limit]:
        text, finding = describe(rule), levels[rule]
        if text is None:
            known = " ".join(word for word in (finding.level, finding.basis) if word) if rule in broken else ""
            yield Line(visible(f"{rule} {known}".strip()), "strong")
        else:
            strength = f" {text.strength}" if rule in broken else ""
            yield Line(visible(f"{rule}{strength}  {text.title}"), "strong")
            yield Line(visible(f"{text.document} › {text.section}" if text.section else text.document), "faint")
            yield Line(visible(text.url), "faint")
        yield Line(visible(f"streamproof explain {rule}"), "faint")
    if len(ids) > limit:
        yield Line(f"(and {len(ids) - limit} more: {visible(', '.join(ids[limit:][:20]))})", "faint")
    if not ids:
        yield Line("no rule is named by this finding" if case.findings else "no rule was judged", "faint")


def _sent(case: CaseResult, rows: int, width: int, *, as_hex: bool) -> tuple[Line, ...]:
    place = span(case)
    if as_hex or (place is not None and place[1] - place[0] <= _FEW_BYTES):
        return byte_lines(case, rows, ROW if width >= _HEX_COLUMNS else NARROW_ROW)
    return event_lines(case, rows, width)


def _said(case: CaseResult, said: str, limit: int, width: int) -> Iterable[Line]:
    groups = finding_groups(case.findings)
    for group in groups[:limit]:
        first = group.first
        event = f" (event {first.event})" if first.event is not None else ""
        yield Line(f"{group.name}{event}: {group.message}", "bad")
        if told(first.expected) or told(first.actual):
            yield from difference_lines(first.expected, first.actual, said=said, width=width)
    if len(groups) > limit:
        yield Line(f"(and {counted(len(groups) - limit, 'other check')})", "faint")
    if not groups and case.reason:
        yield Line(visible(case.reason), "bad")
    detailed = any(told(group.first.expected) or told(group.first.actual) for group in groups)
    if not detailed and (told(case.expected) or told(case.actual)):
        yield from difference_lines(case.expected, case.actual, said=said, width=width)
    if not detailed and not told(case.expected) and not told(case.actual) and not groups and not case.reason:
        yield Line("nothing was recorded", "faint")
    for note in case.notes:
        yield Line(visible(note), "faint")


def _reproduce(case: CaseResult) -> Iterable[Line]:
    for command in case.reproduce:
        yield Line(visible(command), "strong")
    if not case.reproduce:
        yield Line("no command was recorded", "faint")
    timed = dict.fromkeys(finding.check for finding in case.findings if finding.check in TIMED)
    if timed:
        yield Line(f"what {', '.join(timed)} found rests on time: it may not show again at once", "faint")


def failure_blocks(
    case: CaseResult,
    describe: DescribeRule = no_rules,
    *,
    rows: int = 8,
    limit: int = 5,
    width: int = WIDE,
    as_hex: bool = False,
) -> tuple[Block, Block, Block, Block, Block]:
    """The five blocks of a case.

    `rows` bounds the lines of what was sent, `limit` the rules and checks that are shown in full.  Bytes and texts are
    cut to `width` columns, sentences are not.  `as_hex` asks for a hex dump where text would say more.
    """
    is_probe = case.probe is not None
    said = "found" if is_probe else "said"
    sent = _sent(case, rows, width, as_hex=as_hex)
    return (
        Block(name="where", label="where", lines=tuple(_where(case))),
        Block(name="rule", label="rule", lines=tuple(_rule(case, describe, limit))),
        Block(name="sent", label="received" if is_probe else "sent", lines=sent),
        Block(name="said", label="found" if is_probe else "client said", lines=tuple(_said(case, said, limit, width))),
        Block(name="reproduce", label="reproduce", lines=tuple(_reproduce(case))),
    )


def blocks_text(blocks: Iterable[Block]) -> str:
    """The blocks as plain text: the label in a column of its own, a blank line between two blocks."""
    parts = []
    for block in blocks:
        labels = [block.label, *[""] * (len(block.lines) - 1)]
        parts.append(
            "\n".join(f"{label:<12}{line.text}".rstrip() for label, line in zip(labels, block.lines, strict=True))
        )
    return "\n\n".join(parts)


def failure_key(case: CaseResult) -> tuple[str, ...]:
    """Alike for failures of one scenario with one client by the same checks."""
    checks = sorted({f"{finding.check} {finding.rule}" for finding in case.findings})
    return (case.case, case.client or "", case.verdict, *checks)


Group = tuple[CaseResult, tuple[CaseResult, ...]]
"""A failure, and the others that are alike."""


def same_failures(cases: Iterable[CaseResult]) -> tuple[Group, ...]:
    """Failures of one scenario with one client by the same checks are one: the first case, and the others."""
    groups: dict[tuple[str, ...], list[CaseResult]] = {}
    for case in cases:
        groups.setdefault(failure_key(case), []).append(case)
    return tuple((group[0], tuple(group[1:])) for group in groups.values())


def also(others: Sequence[CaseResult], limit: int = 200) -> str | None:
    """`also in: whole, per-event`: the other deliveries of a failure."""
    if not others:
        return None
    return shorten("the same in: " + visible(", ".join(other.delivery or other.case for other in others)), limit)
