"""One process of a client: its group, its standard error, its end.  Long-lived and one-shot clients share it."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import trio

if sys.platform != "win32":
    from fcntl import ioctl
    from termios import FIONREAD

STDERR_LIMIT: Final = 64 << 10
"""Bytes of standard error that are kept of a run: the last ones."""

CLOSING_S: Final = 1.0
"""How long a process may live after it closed standard input or output before that counts against it."""

_PIECE: Final = 65536
_SETTLE: Final = 6
"""Checkpoints after which all that lay in the pipe has been read: wake, read, and room for trio's random order."""


class ClientDidNotStart(Exception):  # noqa: N818 - a state of the client, told to the user as it is
    """The client cannot be run at all: no such command, an early end, no hello, another version of the protocol."""


def ending(code: int) -> str:
    """How a process ended, in words: `exit code 7`, `SIGKILL`."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def last_lines(text: str, lines: int = 5, width: int = 300) -> str:
    """The end of a standard error, for a message; "" if there was none."""
    kept = [line[:width] for line in text.splitlines() if line.strip()][-lines:]
    return "".join(f"\n    {line}" for line in kept)


class Tail:
    """The last bytes of a stream."""

    def __init__(self, limit: int = STDERR_LIMIT) -> None:
        self._kept = bytearray()
        self._limit = limit
        self._lost = 0

    def add(self, data: bytes | bytearray) -> None:
        """Takes bytes; old ones fall out."""
        self._kept += data
        excess = len(self._kept) - self._limit
        if excess > 0:
            del self._kept[:excess]
            self._lost += excess

    def take(self) -> str:
        """What is kept, as text; then begins anew."""
        text = self._kept.decode("utf-8", "replace")
        if self._lost:
            text = f"[{self._lost:,} bytes before this left out]\n{text}"
        self._kept.clear()
        self._lost = 0
        return text


class Child:
    """A started process.  `watch_stderr` and `watch_exit` are tasks that the owner runs beside it."""

    def __init__(self, process: trio.Process) -> None:
        assert process.stdout is not None
        self.process = process
        self.stdout = process.stdout
        self.stderr = Tail()
        self.exited = trio.Event()
        self.stdout_ended = trio.Event()
        self.stderr_ended = trio.Event()
        self._killed = False

    @staticmethod
    def find(command: Sequence[str], *, env: Mapping[str, str], cwd: str | None) -> None:
        """ClientDidNotStart if there is no such program."""
        name = command[0]
        place = Path(cwd or ".", name) if os.sep in name else shutil.which(name, path=env.get("PATH"))
        if place is None or not Path(place).exists():
            raise ClientDidNotStart(_why_not(command, cwd, FileNotFoundError()))
        if not os.access(place, os.X_OK) or Path(place).is_dir():
            raise ClientDidNotStart(_why_not(command, cwd, PermissionError()))

    @classmethod
    async def start(cls, command: Sequence[str], *, env: Mapping[str, str], cwd: str | None, stdin: bool) -> Child:
        """Starts a process in a group of its own.  ClientDidNotStart if there is no such program or folder."""
        if cwd is not None and not await trio.Path(cwd).is_dir():
            raise ClientDidNotStart(f"expected the folder {cwd} to start {command[0]} in, found none")
        try:
            process = await trio.lowlevel.open_process(
                list(command),
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(env),
                cwd=cwd,
                # Its own session: grandchildren can be killed with it, and Ctrl-C reaches us alone.
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise ClientDidNotStart(_why_not(command, cwd, error)) from None
        return cls(process)

    async def watch_stderr(self) -> None:
        """Reads standard error for as long as there is any, so that the client never waits on a full pipe."""
        assert self.process.stderr is not None
        try:
            while data := await self.process.stderr.receive_some(_PIECE):
                self.stderr.add(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            self.stderr_ended.set()

    async def receive(self) -> bytes:
        """The next piece of standard output; `b""` at its end."""
        try:
            data = bytes(await self.stdout.receive_some(_PIECE))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            data = b""
        if not data:
            self.stdout_ended.set()
        return data

    async def watch_exit(self) -> None:
        """Waits for the process, then ends what it left behind, and standard output with it."""
        await self.process.wait()
        self.kill_group()
        self.exited.set()
        with trio.move_on_after(CLOSING_S):
            await self.stdout_ended.wait()
            return
        # Held open by a grandchild that left the group.
        await self.stdout.aclose()

    async def settle(self) -> None:
        """Lets standard error that was written before now be read."""
        for _ in range(_SETTLE):
            if self._is_stderr_read():
                return
            await trio.lowlevel.checkpoint()

    def _is_stderr_read(self) -> bool:
        """True where the system tells that nothing lies in the pipe of standard error."""
        stream = self.process.stderr
        if sys.platform == "win32" or not isinstance(stream, trio.lowlevel.FdStream):
            return False
        try:
            lying = ioctl(stream.fileno(), FIONREAD, bytes(4))
        except (OSError, trio.ClosedResourceError):
            return False
        return not any(lying)

    async def settle_after_exit(self) -> None:
        """Lets all of standard error be read; bounded, since a grandchild that left the group may hold it open."""
        with trio.move_on_after(0.5):
            await self.stderr_ended.wait()

    def kill_group(self) -> None:
        """Kills the process and its children, once: the number of a group that is gone may belong to others."""
        if self._killed:
            return
        self._killed = True
        if sys.platform == "win32":
            self.process.kill()
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self.process.kill()

    async def kill(self) -> None:
        """Kills and reaps, also when the caller is being cancelled."""
        with trio.move_on_after(5) as scope:
            scope.shield = True
            self.kill_group()
            await self.process.wait()
            # The watcher of the exit has been cancelled perhaps; what follows does not depend on it.
            self.exited.set()

    async def close(self) -> None:
        """Kills, and closes the pipes."""
        await self.kill()
        with trio.CancelScope(shield=True):
            for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
                if stream is not None:
                    await stream.aclose()


def _why_not(command: Sequence[str], cwd: str | None, error: OSError | ValueError) -> str:
    name = command[0]
    match error:
        case FileNotFoundError():
            where = f"below {cwd or 'the current folder'}" if os.sep in name else "on the PATH"
            return f"expected the program {name} {where}, found none; install it, or correct the command"
        case PermissionError():
            return f"expected {name} to be a program, found a file that may not be executed; chmod +x it"
        case OSError(errno=errno.E2BIG):
            return f"the arguments of {name} are longer than the system allows; take the request from elsewhere"
        case OSError(errno=errno.ENOEXEC):
            return f"expected {name} to be a program, found a file without #! line; add one, or name its interpreter"
        case _:
            return f"{name} could not be started: {error}"
