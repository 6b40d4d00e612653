"""The mock server in a thread of its own, for code that is synchronous or runs on asyncio."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self

import trio

from streamproof_mock.journal import Journal
from streamproof_mock.server import MockServer, serving
from streamproof_mock.session import Session
from streamproof_scenarios.plan import Plan
from streamproof_scenarios.transports import Transport


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

    def play(self, plan: Plan, *, transport: Transport = "h1") -> Session:
        """Lays a plan out under a new nonce.  Read `origin` and `exchanges` of the session; the rest goes by here."""
        play = partial(self._running.play, plan, transport=transport)
        session: Session = trio.from_thread.run_sync(play, trio_token=self._token)
        return session

    def settled(self, session: Session, limit_s: float) -> bool:
        """Waits until no answer of the session is being played; False when `limit_s` ran out."""
        settled: bool = trio.from_thread.run(session.settled, limit_s, trio_token=self._token)
        return settled

    def close(self, session: Session) -> None:
        """Breaks off what the session still plays and frees its nonce."""
        trio.from_thread.run_sync(session.close, trio_token=self._token)

    def reset(self) -> None:
        """Forgets sessions and journal."""
        trio.from_thread.run_sync(self._running.reset, trio_token=self._token)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _running(self) -> MockServer:
        if self._server is None:
            raise RuntimeError("this server is not running: start it, or use it as a context manager")
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
