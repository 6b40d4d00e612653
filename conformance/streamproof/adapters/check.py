"""Tries a new adapter: does it keep the protocol, and which line of it does not?"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import attrs

from streamproof.adapters.child import ClientDidNotStart, last_lines
from streamproof.adapters.client import Client
from streamproof.adapters.messages import listed, nearest
from streamproof.adapters.process import HELLO_TIMEOUT_S, LongLived, open_client
from streamproof.adapters.said import Hello, RunRequest, Said
from streamproof.adapters.spec import ClientSpec
from streamproof_formats.dialect import DIALECT_NAMES
from streamproof_formats.dialects import DIALECTS
from streamproof_mock.server import MockServer, serving
from streamproof_mock.session import Session
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import Case
from streamproof_scenarios.words import WORDS

RUN_TIMEOUT_S: Final = 30.0

_TEXT: Final = "Hello"
_PAUSE_S: Final = 0.3
_QUIET_S: Final = 0.2
_KEY: Final = "sk-check-adapter"

_STREAMS: Final[Mapping[str, str]] = {
    "good": "{steps: [role: assistant, text: Hel, text: lo, finish: stop, done]}",
    "paused": "{steps: [role: assistant, text: Hel, pause: 300ms, text: lo, finish: stop, done]}",
    "long": "{steps: [role: assistant, repeat: {times: 10, steps: [text: a, pause: 50ms]}, finish: stop, done]}",
    "error": "{status: 401, steps: [error: {message: no such key, type: authentication_error}]}",
}
"""What is played, in the language of scenarios: every dialect that is spoken can say it."""


@attrs.frozen
class AdapterCheck:
    """One thing that was tried."""

    name: str
    ok: bool
    detail: str
    """What was found; where it is not ok: what was expected, which line was wrong, and the fix."""


class _Wrong(Exception):  # noqa: N818 - becomes an AdapterCheck that is not ok
    pass


@attrs.frozen
class _Bench:
    """What the checks work with."""

    client: Client
    server: MockServer
    dialect: str
    run_timeout_s: float

    @property
    def hello(self) -> Hello:
        return self.client.hello

    async def run(self, stream: str, **changes: Any) -> tuple[Said, Session, RunRequest]:
        """One run against one of the streams.  _Wrong if the adapter broke the protocol in it."""
        case = _case(self.dialect, stream)
        dialect = DIALECTS[self.dialect]
        session = self.server.play(compile_case(case))
        request = RunRequest(
            **{
                "dialect": self.dialect,
                "base_url": session.origin + dialect.base_path,
                "url": session.origin + dialect.target(),
                "api_key": _KEY,
                "request": case.request,
                **changes,
            }
        )
        said = await self.client.run(request, deadline_s=self.run_timeout_s)
        session.close()
        if said.ended != "result":
            raise _Wrong(f"{said.fault}{last_lines(said.stderr)}")
        return said, session, request


def _case(dialect: str, stream: str) -> Case:
    text = f"title: {stream}\ndialect: {dialect}\nstream: {_STREAMS[stream]}\n"
    return cases(loads(text, path="check adapter", id=f"check-adapter/{stream}"))[0]


async def check_adapter(
    spec: ClientSpec, *, hello_timeout_s: float = HELLO_TIMEOUT_S, run_timeout_s: float = RUN_TIMEOUT_S
) -> list[AdapterCheck]:
    """Tries an adapter against a mock server of our own; one entry for each thing tried, in order.

    What the client itself does wrong is no concern here, only what the adapter says about it.
    """
    made: list[AdapterCheck] = []
    client: Client | None = None
    try:
        async with serving() as server, open_client(spec, hello_timeout_s=hello_timeout_s) as client:
            made.append(_hello(client.hello))
            spoken = [name for name in client.hello.dialects if name in DIALECTS and name in WORDS]
            if not spoken:
                known = ", ".join(name for name in DIALECTS if name in WORDS)
                made.append(
                    AdapterCheck("run", False, f"expected one of the dialects {known} in hello, found none of them")
                )
            else:
                made += await _tried(_Bench(client, server, spoken[0], run_timeout_s))
    except ClientDidNotStart as error:
        return [AdapterCheck("hello", False, str(error))]
    if isinstance(client, LongLived) and client.leave is not None:
        made.append(_bye(client))
    return made


async def _tried(bench: _Bench) -> list[AdapterCheck]:
    made = []
    for name, attempt in _ATTEMPTS.items():
        if name in _LONG_LIVED and not isinstance(bench.client, LongLived):
            continue
        try:
            made.append(AdapterCheck(name, True, await attempt(bench)))
        except _Wrong as wrong:
            made.append(AdapterCheck(name, False, str(wrong)))
            if attempt is _run:
                # What comes next builds on a good run: it would say the same again, each time up to the time limit.
                break
    return made


def _hello(hello: Hello) -> AdapterCheck:
    unknown = [name for name in hello.dialects if name not in (*DIALECT_NAMES, "sse")]
    if unknown:
        fix = nearest(unknown[0], DIALECT_NAMES) or f"known are {', '.join(DIALECT_NAMES)}"
        return AdapterCheck("hello", False, f"dialects of the message hello: {listed(unknown)} is no dialect; {fix}")
    can = ", ".join(sorted(hello.capabilities)) or "no capabilities"
    version = f" {hello.version}" if hello.version else ""
    return AdapterCheck(
        "hello", True, f"{hello.client}{version}: reports {hello.reports}; {', '.join(hello.dialects)}; {can}"
    )


async def _run(bench: _Bench) -> str:
    said, session, request = await bench.run("good")
    assert said.result is not None
    if not session.exchanges:
        raise _Wrong(
            "expected a request at the url of the run, found none at the server; use base_url or url of each run"
        )
    if error := said.result.get("error"):
        message = error.get("message") or error.get("type") or "without a word"
        raise _Wrong(f"expected no error for a good stream, found {message!r}{last_lines(said.stderr)}")
    if bench.hello.reports == "message":
        _text(said)
    elif not said.reports:
        raise _Wrong(
            f"expected {bench.hello.reports} before the result, found none; say each one as the client gives it"
        )
    sent = session.exchanges[0].body
    lost = [key for key, value in request.request.items() if not isinstance(sent, dict) or sent.get(key) != value]
    passed = f"; not passed on as asked: {', '.join(lost)}" if lost else ""
    return f"{len(said.reports)} reports and a result in {(said.ended_ns - said.started_ns) / 1e6:.0f} ms{passed}"


def _text(said: Said) -> None:
    assert said.result is not None
    choices = said.result.get("choices") or []
    found = next((choice.get("text") for choice in choices if choice.get("index", 0) == 0), None)
    if found != _TEXT:
        raise _Wrong(
            f"expected the text {_TEXT!r} in choices[0] of the result, found {found!r}; give what the client assembled"
        )


async def _as_it_happens(bench: _Bench) -> str:
    said, _, _ = await bench.run("paused")
    if not said.reports:
        return "the client hands out nothing before its result"
    lead_s = (said.ended_ns - said.reports[0].at_ns) / 1e9
    if lead_s < _PAUSE_S / 2:
        raise _Wrong(
            f"expected the first report before the server's pause of {_PAUSE_S:g} s, found it {lead_s * 1000:.0f} ms "
            "before the result; flush standard output after each line"
        )
    return f"the first report came {lead_s * 1000:.0f} ms before the result"


async def _second_run(bench: _Bench) -> str:
    assert isinstance(bench.client, LongLived)
    starts = bench.client.starts
    await bench.run("good")
    await bench.run("good")
    if bench.client.starts != starts:
        raise _Wrong("expected one process for several runs, found that it ends after a run; serve runs until bye")
    return "several runs in one process"


async def _client_name(bench: _Bench) -> str:
    await bench.run("good", client="check-adapter")
    await bench.run("good", client="check-adapter")
    return "two runs with one name of a client"


async def _unknown_dialect(bench: _Bench) -> str:
    try:
        await bench.run("good", dialect="no-such-dialect")
    except _Wrong as wrong:
        if not str(wrong).startswith("the adapter reported a fault of its own"):
            raise
        return "answered with adapter_error"
    return "answered with a result"


async def _stop(bench: _Bench) -> str:
    if "stop" not in bench.hello.capabilities:
        return "not tried: no capability stop"
    said, _, _ = await bench.run("long", stop={"after": 2, "how": "break"})
    assert said.result is not None
    if len(said.reports) != 2 or said.result.get("stopped") is not True:
        raise _Wrong(
            f"expected 2 reports and stopped: true after stop {{after: 2}}, found {len(said.reports)} and stopped: "
            f"{said.result.get('stopped')}; leave the stream after that many reports, or do not say stop in hello"
        )
    return "left after 2 reports"


async def _error_status(bench: _Bench) -> str:
    said, _, _ = await bench.run("error")
    assert said.result is not None
    error = said.result.get("error")
    if error is None:
        return "no error was reported for status 401; if the client tells of one, say it in error"
    if "error_status" in bench.hello.capabilities and error.get("status") != 401:
        raise _Wrong(
            f"expected status 401 in error, since hello says error_status; found {error.get('status')}; give the "
            "status, or do not say error_status in hello"
        )
    return f"error {error.get('type') or ''}, status {error.get('status')}"


async def _quiet(bench: _Bench) -> str:
    assert isinstance(bench.client, LongLived)
    await bench.run("good")
    wrong = await bench.client.quiet(_QUIET_S)
    if wrong is not None:
        raise _Wrong(wrong)
    return "silent after a result"


def _bye(client: LongLived) -> AdapterCheck:
    if client.leave == "bye":
        return AdapterCheck("bye", True, "bye ended the process")
    how = "only when its input was closed" if client.leave == "end of input" else "not at all, and was killed"
    return AdapterCheck(
        "bye", False, f"expected the process to end at bye, found that it ended {how}; leave the loop at bye"
    )


_ATTEMPTS: Final[Mapping[str, Callable[[_Bench], Awaitable[str]]]] = {
    "run": _run,
    "as it happens": _as_it_happens,
    "second run": _second_run,
    "client name": _client_name,
    "unknown dialect": _unknown_dialect,
    "stop": _stop,
    "error status": _error_status,
    "quiet": _quiet,
}
_LONG_LIVED: Final = frozenset({"second run", "client name", "unknown dialect", "stop", "quiet"})
