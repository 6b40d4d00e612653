"""Hypercorn's server, with connections that end when they are over.

Hypercorn waits out its idle limit (`keep_alive_timeout`) for a connection whose client has gone, and keeps its socket
and two tasks so long: ten thousand clients that come and go would be ten thousand sockets.  And it waits for ever for
a connection that was closed while a second request waited behind the first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import FunctionType
from typing import Any

import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, Updated
from hypercorn.trio.run import worker_serve
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.utils import wrap_app

_CLASS = TCPServer.__name__


class Connection(TCPServer):
    """One connection.  It has no idle limit once its client has said all, and it is read no more once it is closed."""

    _reading: trio.CancelScope | None = None
    _is_read = False

    async def _read_data(self) -> None:
        with trio.CancelScope() as self._reading:
            await super()._read_data()
        self._is_read = True
        await self.idle_task.stop()

    async def protocol_send(self, event: Event) -> None:
        """Takes what the protocol says."""
        if self._is_read and isinstance(event, Updated):
            return
        await super().protocol_send(event)
        if isinstance(event, Closed) and self._reading is not None:
            self._reading.cancel()


def _accepting(connection: type[TCPServer]) -> Callable[..., Awaitable[None]]:
    """Hypercorn's own accept loop, which takes its class of connections from the names of its module."""
    assert isinstance(worker_serve, FunctionType)
    if _CLASS not in worker_serve.__code__.co_names:
        message = f"expected hypercorn's worker_serve to make a {_CLASS}; install hypercorn>=0.17.3,<0.19"
        raise ImportError(message)
    names = {**worker_serve.__globals__, _CLASS: connection}
    made = FunctionType(worker_serve.__code__, names, closure=worker_serve.__closure__)
    made.__kwdefaults__ = worker_serve.__kwdefaults__
    return made


_serve = _accepting(Connection)


async def serve(
    app: Any,
    config: Config,
    *,
    shutdown_trigger: Callable[[], Awaitable[None]],
    task_status: trio.TaskStatus[list[str]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Does what `hypercorn.trio.serve` does."""
    wrapped = wrap_app(app, config.wsgi_max_body_size, None)
    await _serve(wrapped, config, shutdown_trigger=shutdown_trigger, task_status=task_status)
