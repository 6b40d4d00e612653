"""Several server processes behind one port, for load: `serve --workers N`.

Each is forked before any event loop runs.  The kernel spreads connections over those that listen on the same port.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING, Final

import attrs

from streamproof.commands.mistakes import explained
from streamproof.errors import CannotJudge, StreamproofError

if TYPE_CHECKING:
    from collections.abc import Iterator

GIVEN_UP: Final = (
    "each worker has a journal, plays, sequences and connection numbers of its own",
    "what /__streamproof__/ and /r/NONCE say and do is of the one worker that takes the connection",
    "the answers of a sequence (429, then 200) come round per worker, not per server",
    "--seed draws for each worker's own first, second ... request",
)
"""What several processes cost."""


@attrs.frozen(kw_only=True)
class Worker:
    """What one process is told."""

    number: int
    ready: int
    """A pipe to write one byte to, once it listens."""
    alive: int
    """A pipe that ends when the parent is gone."""


def check_platform() -> None:
    """Raises StreamproofError where the kernel does not spread connections over processes."""
    if sys.platform != "linux":
        message = f"--workers needs Linux, which spreads connections over processes; this is {sys.platform}"
        raise StreamproofError(message, "start several servers on ports of their own")


@contextmanager
def held_port(host: str, port: int) -> Iterator[int]:
    """Keeps a port for the workers, a free one for 0.  Raises StreamproofError when another program has it."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # Without SO_REUSEPORT: another server's port must not be shared by accident.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            address = probe.getsockname()
        holder = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise _taken(host, port, error) from error
    with holder:
        try:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            holder.bind(address)
        except OSError as error:
            raise _taken(host, port, error) from error
        yield holder.getsockname()[1]


def _taken(host: str, port: int, error: Exception) -> StreamproofError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return StreamproofError(
        f"cannot listen on {host} port {port}: {reason}", "choose another port, or 0 for a free one"
    )


def run_workers(count: int, work: Callable[[Worker], None], announce: Callable[[], None]) -> None:
    """Runs `work` in `count` processes until a signal comes; `announce` is called here once all of them listen.

    Raises CannotJudge when one of them ends by itself.
    """
    ready, tell_ready = os.pipe()
    alive, stay_alive = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    children: set[int] = set()
    for number in range(count):
        child = os.fork()
        if child == 0:
            os.close(ready)
            os.close(stay_alive)
            _work(work, Worker(number=number, ready=tell_ready, alive=alive))
        children.add(child)
    os.close(tell_ready)
    os.close(alive)
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        if _all_ready(ready, count):
            announce()
        failed = 0
        while children:
            child, status = os.wait()
            children.discard(child)
            if status or not stopping:
                failed += not stopping
                stop(0, None)
        if failed:
            raise CannotJudge("a worker ended by itself, so all were stopped", "its last words are above")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(ready)
        os.close(stay_alive)


def _all_ready(ready: int, count: int) -> bool:
    """False where a worker ended before it listened."""
    heard = 0
    while heard < count:
        said = os.read(ready, count)
        if not said:
            return False
        heard += len(said)
    return True


def _work(work: Callable[[Worker], None], worker: Worker) -> None:
    """The whole life of a forked process."""
    code = 1
    try:
        work(worker)
        code = 0
    except BaseException as error:  # noqa: BLE001  it must not return into the parent's code
        _last_words(error, worker.number)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _last_words(error: BaseException, number: int) -> None:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    told = error if isinstance(error, StreamproofError) else explained(error)
    if told is None:
        sys.excepthook(type(error), error, error.__traceback__)
    else:
        sys.stderr.write(f"worker {number}: {told.message}\n")
