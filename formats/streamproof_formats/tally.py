"""Keeps findings in order and within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from streamproof_formats.finding import Finding

MOST_OF_ONE_RULE: Final = 20
"""Findings of one rule that are kept."""


class Tally:
    """Findings in the order in which they come."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Finding]] = {}
        self._left_out: dict[str, int] = {}

    def add(self, *findings: Finding) -> None:
        """Takes findings that were made later than all before."""
        for finding in findings:
            rule = finding.rule
            kept = self._kept.get(rule)
            if kept is None:
                self._kept[rule] = [finding]
            elif len(kept) < MOST_OF_ONE_RULE:
                kept.append(finding)
            else:
                self._left_out[rule] = self._left_out.get(rule, 0) + 1

    def findings(self) -> tuple[Finding, ...]:
        """What is kept, by place in the body, those without a place last, then by rule.

        Of a rule that was broken more often the last finding says how many more there were.
        """
        kept = [finding for findings in self._kept.values() for finding in findings]
        for rule, count in self._left_out.items():
            last = self._kept[rule][-1]
            kept[kept.index(last)] = attrs.evolve(last, message=f"{last.message} (and {count} more of this rule)")
        return tuple(sorted(kept, key=_place))


def _place(finding: Finding) -> tuple[bool, int, int, str]:
    return finding.start is None, finding.start or 0, finding.event or 0, finding.rule
