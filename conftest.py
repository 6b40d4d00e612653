"""What holds for every test of the project: CI skips nothing, and an interrupt can be sent to what a test starts."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Mapping
from typing import Final

import pytest

_IS_LINUX: Final = sys.platform == "linux"
EXCUSED: Final[Mapping[str, bool]] = {
    "the kernel is asked on Linux only": not _IS_LINUX,
    "only Linux spreads connections over processes": not _IS_LINUX,
    "descriptors are counted in /proc": not _IS_LINUX,
    "the system does not list what is open": not _IS_LINUX,
    "there is no short way without write(2) on sockets": os.name != "posix",
}
"""The reasons that are right in CI too, and where they are: each is of a test that is made for another system."""


def pytest_configure() -> None:
    """Lets interrupts through to what the tests start: a shell's background jobs, and all below them, ignore them."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Makes of a skipped test a failed one, where the variable CI is set."""
    report = yield
    if not hasattr(report, "wasxfail"):
        _judge(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Makes of a skipped module an error, where the variable CI is set."""
    report = yield
    _judge(report)
    return report


def _judge(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.outcome != "skipped" or not os.environ.get("CI") or not isinstance(report.longrepr, tuple):
        return
    path, line, reason = report.longrepr
    if not EXCUSED.get(reason.removeprefix("Skipped: "), False):
        report.outcome = "failed"
        report.longrepr = f"{path}:{line}: {reason}\nCI skips nothing: install what is missing, or mend the test"
