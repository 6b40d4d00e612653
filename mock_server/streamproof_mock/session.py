"""A session: one plan waiting under a nonce, and the exchanges that came to it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

import trio

from streamproof_mock.journal import Exchange
from streamproof_mock.performer import AwaitHook, Performer
from streamproof_scenarios.plan import Plan

_EXCHANGES_KEPT: Final = 1_000


class Session:
    """One plan under a nonce of its own.  Its requests get the plan's first, second, ... answer; the last repeats."""

    def __init__(self, plan: Plan, url: str, on_await: AwaitHook | None, forget: Callable[[str], None]) -> None:
        self.plan = plan
        self.nonce = secrets.token_hex(6)
        self.origin = f"{url}/r/{self.nonce}"
        """What stands in place of the origin in the client's base URL."""
        self.on_await = on_await
        self.requests = 0
        """How many requests came, kept or not."""
        self.exchanges: list[Exchange] = []
        """The first 1,000 of them."""
        self._forget = forget
        self._players: set[Performer] = set()
        self._quiet = trio.Event()
        self._quiet.set()
        self.is_closed = False
        self.is_overdue = False
        """True once `bound` has broken it off."""
        self._moved = trio.Event()

    def admit(self, exchange: Exchange) -> None:
        """Takes in an exchange, numbered by the order of arrival."""
        exchange.number = self.requests
        self.requests += 1
        if len(self.exchanges) < _EXCHANGES_KEPT:
            self.exchanges.append(exchange)
        self._moved.set()

    async def perform(self, player: Performer, afterwards: Callable[[], None]) -> None:
        """Runs a player, which `close` can stop and `settled` waits for, `afterwards` included."""
        self._players.add(player)
        if self._quiet.is_set():
            self._quiet = trio.Event()
        try:
            await player.run()
        finally:
            afterwards()
            self._players.discard(player)
            if not self._players:
                self._quiet.set()

    async def settled(self, limit_s: float) -> bool:
        """Waits until no answer of this session is being played; False when `limit_s` ran out."""
        if self._players:
            with trio.move_on_after(limit_s):
                while self._players:
                    await self._quiet.wait()
        return not self._players

    async def bound(self, limit_s: float) -> None:
        """Closes the session `limit_s` after its first request, unless it was closed before."""
        await self._moved.wait()
        with trio.move_on_after(limit_s):
            while not self.is_closed:
                self._moved = trio.Event()
                await self._moved.wait()
        if not self.is_closed:
            self.is_overdue = True
            self.close()

    def close(self) -> None:
        """Breaks off what is still played and frees the nonce."""
        self.is_closed = True
        self._moved.set()
        for player in tuple(self._players):
            player.stop()
        self._forget(self.nonce)
