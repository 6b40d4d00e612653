"""The mock server in a thread of its own, for code that is synchronous or runs on asyncio."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import trio

from streamproof_mock.journal import Journal
from streamproof_mock.performer import AwaitHook
from streamproof_mock.server import MockServer, serving
from streamproof_mock.session import Session
from streamproof_scenarios.plan import Plan
from streamproof_scenarios.transports import Transport

T = TypeVar("T")

_NOT_RUNNING: Final = "this server is not running: start it, or use it as a context manager"


class ServerThread:
    """`with ServerThread() as server:` runs a server until the block ends.  Takes what `serving` takes."""

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._ready = threading.Event()
        self._thread: threading.Thread | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._stop: trio.Event | None = None
        self._server: MockServer | None = None
        self._failure: BaseException | None = None

    def start(self) -> Self:
        """Starts the server; returns once it listens.  Raises what `serving` raises."""
        if self._thread is not None:
            raise RuntimeError("this server was started already: make a new ServerThread")
        self._thread = threading.Thread(target=self._run, name="streamproof mock server", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure
        return self

    def stop(self) -> None:
        """Stops the server, whatever it is playing; returns once it has.  Stopping twice is once."""
        if self._thread is None or self._token is None or self._stop is None:
            return
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(self._stop.set)
        self._thread.join()

    @property
    def url(self) -> str:
        """The origin: `http://127.0.0.1:41873`."""
        return self._running.url

    @property
    def journal(self) -> Journal:
        """What the server saw and did."""
        return self._running.journal

    @property
    def ca_file(self) -> str | None:
        """Where the certificate lies that clients must trust, None without TLS."""
        return self._running.ca_file

    @property
    def asks_kernel(self) -> bool:
        """True when boundaries are kept by asking the kernel what clients have read."""
        return self._running.asks_kernel

    def url_over(self, transport: Transport) -> str:
        """The origin for a client that speaks this.  Raises CannotServe for TLS where the server has none."""
        return self._running.url_over(transport)

    def secure(self) -> None:
        """Opens the ports for TLS, unless they are open.  Raises CannotServe, where certificates cannot be made."""
        server = self._running
        done: Future[None] = Future()

        async def open_them() -> None:
            try:
                await server.secure()
            except Exception as error:  # noqa: BLE001  carried over to the thread that waits
                done.set_exception(error)
            else:
                done.set_result(None)

        self._do(lambda: trio.lowlevel.spawn_system_task(open_them))
        done.result()

    def play(
        self,
        plan: Plan,
        *,
        on_await: AwaitHook | None = None,
        transport: Transport = "h1",
        limit_s: float | None = None,
    ) -> Session:
        """Lays a plan out under a new nonce.  Read `origin` and `exchanges` of the session; the rest goes by here.

        `on_await` runs where the server runs.  `limit_s` after its first request the session is broken off.
        """
        server = self._running

        def lay_out() -> Session:
            session = server.play(plan, on_await=on_await, transport=transport)
            if limit_s is not None:
                trio.lowlevel.spawn_system_task(session.bound, limit_s)
            return session

        return self._do(lay_out)

    def settled(self, session: Session, limit_s: float) -> bool:
        """Waits until no answer of the session is being played; False when `limit_s` ran out.

        An event loop is not to be held up so: there wait for `settling`.
        """
        return self.settling(session, limit_s).result()

    def settling(self, session: Session, limit_s: float) -> Future[bool]:
        """The same as a future: `await asyncio.wrap_future(...)`; in trio, `to_thread.run_sync(future.result)`."""
        done: Future[bool] = Future()

        async def wait() -> None:
            try:
                done.set_result(await session.settled(limit_s))
            finally:
                if not done.done():  # the server went down, and everything with it
                    done.set_result(True)

        self._do(lambda: trio.lowlevel.spawn_system_task(wait))
        return done

    def soon(self, function: Callable[..., object], *arguments: Any) -> None:
        """Has a function called where the server runs, and does not wait for it; calls keep their order."""
        if self._token is None:
            raise RuntimeError(_NOT_RUNNING)
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(function, *arguments)

    def close(self, session: Session) -> None:
        """Breaks off what the session still plays and frees its nonce."""
        self._do(session.close)

    def reset(self) -> None:
        """Forgets sessions and journal."""
        self._do(self._running.reset)

    def _do(self, function: Callable[[], T]) -> T:
        """Calls a function where the server runs, from any thread: one that runs an event loop, too."""
        done: Future[T] = Future()

        def call() -> None:
            try:
                done.set_result(function())
            except BaseException as error:  # noqa: BLE001  carried over to the thread that waits
                done.set_exception(error)

        if self._token is None or self._server is None:
            raise RuntimeError(_NOT_RUNNING)
        try:
            self._token.run_sync_soon(call)
        except trio.RunFinishedError:
            raise RuntimeError(_NOT_RUNNING) from None
        return done.result()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _running(self) -> MockServer:
        if self._server is None:
            raise RuntimeError(_NOT_RUNNING)
        return self._server

    def _run(self) -> None:
        try:
            trio.run(self._serve)
        except BaseException as error:  # noqa: BLE001  carried over to the thread that waits
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._stop = trio.Event()
        async with serving(**self._options) as self._server:
            self._ready.set()
            await self._stop.wait()
        self._server = None
