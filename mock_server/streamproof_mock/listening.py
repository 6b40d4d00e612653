"""Runs Hypercorn's connections on a socket, each for itself: what one client sends cannot end the server.

Hypercorn's own `serve` runs them in one nursery, and some bytes make its readers raise: DATA for a stream that has had
its answer, CONNECT without a path, an h2c upgrade with settings that are none, a path that is not ASCII.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.lifespan import Lifespan
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ASGIFramework, ConnectionState

from streamproof_mock.connection import Connection, Resting
from streamproof_mock.express import Desk


async def serve(
    app: ASGIFramework,
    config: Config,
    *,
    desk: Desk | None,
    shutdown_trigger: Callable[[], Awaitable[None]],
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serves an application on the sockets of `config` until the trigger returns, and then for its grace time.

    `desk` answers what it knows in the clear before the application hears of it.
    """
    wrapped, context, resting = ASGIWrapper(app), WorkerContext(None), Resting()
    lifespan = Lifespan(wrapped, config, {})
    async with trio.open_nursery() as living:
        await living.start(lifespan.handle_lifespan)
        await lifespan.wait_for_startup()
        connection = partial(Connection, desk, resting, wrapped, config, context, ConnectionState({}))
        connect = partial(_connection, connection)
        async with trio.open_nursery() as connections, trio.open_nursery() as accepting:
            accepting.start_soon(
                partial(trio.serve_listeners, connect, _listeners(config), handler_nursery=connections)
            )
            task_status.started()
            try:
                await shutdown_trigger()
            finally:
                accepting.cancel_scope.cancel()
                await context.terminated.set()
                resting.close()
                connections.cancel_scope.deadline = trio.current_time() + config.graceful_timeout
        await lifespan.wait_for_shutdown()
        living.cancel_scope.cancel()


async def _connection(server: Callable[[Any], Connection], stream: Any) -> None:
    """One connection.  A failure of Hypercorn's ends it, and nothing else."""
    try:
        await server(stream)
    except Exception:  # noqa: BLE001  whatever a client made its reader raise
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await trio.aclose_forcefully(stream)


def _listeners(config: Config) -> list[trio.abc.Listener[Any]]:
    sockets, context = config.create_sockets(), config.create_ssl_context()
    plain = [trio.SocketListener(trio.socket.from_stdlib_socket(each)) for each in sockets.insecure_sockets]
    if context is None:
        return [*plain]
    under = [trio.SocketListener(trio.socket.from_stdlib_socket(each)) for each in sockets.secure_sockets]
    return [*plain, *(trio.SSLListener(each, context, https_compatible=True) for each in under)]
