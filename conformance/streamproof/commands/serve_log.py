"""What `serve` writes down while it runs: a line for each exchange, and the journal as JSON lines."""

from __future__ import annotations

import json
import os
from collections import deque
from pathlib import Path
from typing import Final

import click
import trio

from streamproof.errors import StreamproofError
from streamproof_mock.entry import entries
from streamproof_mock.journal import Exchange
from streamproof_mock.log import log_line

_EVERY_S: Final = 0.05
_AT_ONCE: Final = 1_000
_AS_JSON: Final = str.maketrans("()", "[]")


class Log:
    """Takes exchanges as they end and writes them a little later, together: a server under load prints, too."""

    def __init__(self, *, quiet: bool, journal: str | None, worker: int | None = None) -> None:
        """Raises StreamproofError when the file `journal` cannot be written."""
        self._quiet = quiet
        self._worker = worker
        self._waiting: deque[Exchange] = deque()
        self._journal: int | None = None
        if journal is not None:
            try:
                self._journal = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            except OSError as error:
                message = f"--journal: cannot write {Path(journal)}: {error.strerror}"
                raise StreamproofError(message, "name a file in a folder that exists and that you may write") from error

    @property
    def wants(self) -> bool:
        """True when there is anything to write."""
        return self._journal is not None or not self._quiet

    def add(self, exchange: Exchange) -> None:
        """Takes one."""
        self._waiting.append(exchange)

    async def run(self) -> None:
        """Writes what has come, again and again, until cancelled."""
        while True:
            await trio.sleep(_EVERY_S)
            while self._waiting:
                self.write()
                await trio.lowlevel.checkpoint()

    def write(self) -> None:
        """Writes what has come, up to a thousand."""
        some = [self._waiting.popleft() for _ in range(min(len(self._waiting), _AT_ONCE))]
        if not self._quiet and some:
            click.echo("\n".join(map(log_line, some)))
        if self._journal is not None and some:
            self._append("".join(map(self._line, some)).encode())

    def close(self) -> None:
        """Writes all that is left."""
        while self._waiting:
            self.write()
        if self._journal is not None:
            os.close(self._journal)
            self._journal = None

    def _append(self, data: bytes) -> None:
        # One write for whole lines: several workers append to one file.
        try:
            while data and self._journal is not None:
                data = data[os.write(self._journal, data) :]
        except OSError as error:
            click.echo(f"warning: the journal ends here: {error.strerror}", err=True)
            os.close(self._journal or -1)
            self._journal = None

    def _line(self, exchange: Exchange) -> str:
        [entry] = entries([exchange])
        # Two thousand streams that end at once have a million writes: json takes five times as long for pairs.
        writes = str(entry.pop("writes")).translate(_AS_JSON)
        worker = {} if self._worker is None else {"worker": self._worker}
        return f'{json.dumps({**worker, **entry})[:-1]}, "writes": {writes}}}\n'
