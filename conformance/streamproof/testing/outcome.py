"""What a judged play means for a test: it goes on, is skipped, or fails with the five blocks."""

from __future__ import annotations

import unittest

from streamproof_reports.document import CaseResult


class NotConforming(AssertionError):  # noqa: N818 - it is what the client is
    """The client does not make of the stream what the documents ask for; the text has the five blocks."""

    def __init__(self, text: str, result: CaseResult) -> None:
        super().__init__(text)
        self.result = result


class CannotTell(Exception):  # noqa: N818 - it is the state of the judge
    """The play could not be judged; says why, and what to do."""


def raised(result: CaseResult) -> CaseResult:
    """The result where it passes or warns.  Raises NotConforming, CannotTell, unittest.SkipTest."""
    __tracebackhide__ = True
    match result.verdict:
        case "pass" | "warn":
            return result
        case "skip":
            raise unittest.SkipTest(result.reason or "")
        case "fail":
            raise NotConforming(failure_text(result), result)
        case _:
            raise CannotTell(f"{result.case} [{result.delivery}]: {result.reason}")


def failure_text(result: CaseResult) -> str:
    """A failure in its five blocks, as the command line has it."""
    # These bring the writers of the console with them: only what fails needs them.
    from streamproof.commands.output import describe_rule  # noqa: PLC0415
    from streamproof_reports.failure import blocks_text, failure_blocks, gist, headline  # noqa: PLC0415

    blocks = blocks_text(failure_blocks(result, describe_rule, width=110))
    return f"{headline(result)}\n{gist(result)}\n\n{blocks}"
