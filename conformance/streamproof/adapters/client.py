"""What the driver sees of a client under test, whatever its kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from streamproof.adapters.said import Hello, Report, RunRequest, Said

OnReport = Callable[[Report], None]


class Client(Protocol):
    """A client that was started and can be run again and again."""

    @property
    def hello(self) -> Hello:
        """How it introduced itself."""

    async def run(self, request: RunRequest, *, deadline_s: float, on_report: OnReport | None = None) -> Said:
        """Runs one case; `on_report` is called with each report as it is read.

        The client is usable afterwards, whatever became of the run.
        """
