"""What the fixture `streamproof_server` is."""

from __future__ import annotations

import shlex
import unittest
from collections.abc import Mapping
from typing import Any, Self

import attrs
import pytest

from streamproof.errors import StreamproofError
from streamproof.pytest_plugin.selection import Parameter
from streamproof.testing.driving import Function
from streamproof.testing.play import Play
from streamproof.testing.server import Address, Server
from streamproof_mock.journal import Journal
from streamproof_reports.document import CaseResult


class StreamproofServer:
    """A running server.  In a marked test it stands for the one play of that test; see `Play` for what it hands on.

    In another test `base_url`, `url`, `request` are those of the well-behaved endpoint of openai-chat, and `play(ID)`
    lays out what you like.
    """

    def __init__(self, server: Server, parameter: Parameter | None, item: pytest.Item) -> None:
        self._server, self._item = server, item
        self._judges = parameter is not None and parameter.judge
        self._plays: list[Play] = []
        self._play: Play | None = None
        if parameter is not None:
            again = f"pytest {shlex.quote(item.nodeid)}"
            self._play = server.lay_out(parameter.job, attrs.evolve(parameter.terms, again=(again,)))
            self._plays.append(self._play)

    # The play of a marked test

    @property
    def case(self) -> str:
        """The case's id."""
        return self._own.case

    @property
    def delivery(self) -> str:
        """How its bytes are cut."""
        return self._own.delivery

    @property
    def dialect(self) -> str:
        """The dialect that it is in."""
        return self._own.dialect

    @property
    def base_url(self) -> str:
        """What the dialect's official SDK takes."""
        return str(self._at("base_url"))

    @property
    def url(self) -> str:
        """The whole address of the call."""
        return str(self._at("url"))

    @property
    def api_key(self) -> str:
        """A key that will do."""
        return str(self._at("api_key"))

    @property
    def request(self) -> dict[str, Any]:
        """The whole request body to send."""
        return dict(self._at("request"))

    @property
    def run(self) -> Mapping[str, Any]:
        """All that a client is told, as `Play.run` has it."""
        try:
            return self._own.run
        except unittest.SkipTest as skip:
            pytest.skip(str(skip))

    def expect(self, result: Any = None, **told: Any) -> CaseResult:
        """Judges what the client said: see `Play.expect`."""
        __tracebackhide__ = True
        return self._tell(self._own.expect(result, **told))

    async def aexpect(self, result: Any = None, **told: Any) -> CaseResult:
        """The same where an event loop runs."""
        __tracebackhide__ = True
        return self._tell(await self._own.aexpect(result, **told))

    def check(self, function: Function, **how: Any) -> CaseResult:
        """Runs the client and judges it: see `Play.check`."""
        __tracebackhide__ = True
        return self._tell(self._own.check(function, **how))

    async def acheck(self, function: Function, **how: Any) -> CaseResult:
        """The same of an async client, in the event loop that runs."""
        __tracebackhide__ = True
        return self._tell(await self._own.acheck(function, **how))

    # The server

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:41873`."""
        return self._server.origin

    @property
    def journal(self) -> Journal:
        """What the server saw and did, in this test and those before."""
        return self._server.journal

    def well_behaved(self, dialect: str = "openai-chat") -> Address:
        """The endpoint that does all as documented."""
        return self._server.well_behaved(dialect)

    def play(self, name: str, **terms: Any) -> Play:
        """Lays a scenario out: see `Server.play`."""
        self._plays.append(self._server.play(name, **terms))
        return self._plays[-1]

    def must_be_judged(self) -> None:
        """Raises StreamproofError where the test has come to its end and its play was not judged."""
        if self._judges and self._own.result is None:
            raise StreamproofError(
                f"the test was played {self.case} and never said what its client made of it: end it with "
                "streamproof_server.expect(result) or .check(function), or mark it with judge=False"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for play in self._plays:
            play.close()

    @property
    def _own(self) -> Play:
        if self._play is None:
            raise StreamproofError(
                "expected the marker @pytest.mark.streamproof(PATTERN) on the test, found none: add it, or lay a "
                "scenario out with streamproof_server.play(ID)"
            )
        return self._play

    def _at(self, name: str) -> Any:
        return getattr(self.well_behaved(), name) if self._play is None else self.run[name]

    def _tell(self, result: CaseResult) -> CaseResult:
        said = f": {result.findings[0].check}: {result.findings[0].message}" if result.findings else ""
        self._item.user_properties.append(("streamproof", f"{result.verdict}{said}"))
        return result
