"""Clients that are a fresh process in each run: `--one-shot` answers one result line, `--plain` prints its text."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from time import perf_counter_ns
from typing import Any, Final

import trio

from streamproof.adapters import messages
from streamproof.adapters.child import CLOSING_S, Child, ClientDidNotStart, ending
from streamproof.adapters.client import OnReport
from streamproof.adapters.environment import environment
from streamproof.adapters.lines import Lines
from streamproof.adapters.messages import AdapterFault
from streamproof.adapters.said import Ended, Hello, Report, RunRequest, Said
from streamproof.adapters.spec import ClientSpec

_MESSAGE_LIMIT: Final = 2000
"""Characters of standard error that become the message of an error: its end."""

_PLACE: Final = re.compile(r"\{(base_url|url|request|api_key|dialect|model|ca_file)\}")
_FATAL: Final = frozenset({132, 134, 135, 136, 139})
"""What a shell makes of ILL, ABRT, BUS, FPE, SEGV: the client crashed, it did not report an error."""


def fill(text: str, request: RunRequest) -> str:
    """The text with what stands for `{base_url}`, `{url}`, `{request}` and their like; other braces stay."""
    values = {
        "base_url": request.base_url,
        "url": request.url,
        "api_key": request.api_key,
        "dialect": request.dialect,
        "model": str(request.request.get("model", "")),
        "ca_file": request.ca_file or "",
    }

    def value(place: re.Match[str]) -> str:
        return messages.compact(request.request) if place[1] == "request" else values[place[1]]

    return _PLACE.sub(value, text)


class _OneShot:
    """Reads one result line."""

    def __init__(self) -> None:
        self.result: Mapping[str, Any] | None = None
        self.fault: str | None = None
        self._lines = Lines()

    @property
    def answered(self) -> bool:
        return self.result is not None

    def feed(self, data: bytes) -> str:
        try:
            for line in self._lines.feed(data):
                self._take(line)
        except AdapterFault as fault:
            self.fault = str(fault)
        return ""

    def finish(self) -> str:
        if rest := self._lines.rest():
            try:
                self._take(rest)
            except AdapterFault as fault:
                self.fault = str(fault)
        return ""

    def _take(self, line: bytes) -> None:
        where = self._lines.where
        if self.result is not None:
            raise AdapterFault(
                f"{where}: expected nothing after the result, found {messages.shown(line)}; print one line, and all "
                "else to standard error"
            )
        message = messages.parse(line, where, "one-shot")
        if message.get("type") == "adapter_error":
            raise AdapterFault(f"the adapter reported a fault of its own: {message['message'] or 'without a word'}")
        if message.get("choices") is None and message.get("error") is None:
            raise AdapterFault(
                f"{where}: expected choices in the result, found only {messages.listed(message)}; give the "
                "message that the client assembled, [] for an empty one"
            )
        self.result = messages.without_envelope(message)

    def end(self, code: int, _stderr: str) -> tuple[Ended, Mapping[str, Any] | None, str | None]:
        if code < 0 or code in _FATAL or (code != 0 and self.result is None):
            when = "before" if self.result is None else "after"
            return "crash", self.result, f"the process ended ({ending(code)}) {when} its result"
        if self.fault is not None:
            return "fault", None, self.fault
        if self.result is None:
            return "fault", None, "expected one result line on standard output, found nothing; print a result as JSON"
        return "result", self.result, None


class _Plain:
    """Reads text as it comes."""

    answered: Final = False
    """Its answer is complete when the process has ended, not before."""

    def __init__(self) -> None:
        self.fault: str | None = None
        self._pieces: list[str] = []
        self._size = 0
        self._held = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, data: bytes) -> str:
        self._size += len(data)
        if self._size > messages.LINE_LIMIT:
            self.fault = f"expected at most {messages.LINE_LIMIT >> 20} MiB of text on standard output, found more"
            return ""
        return self._piece(self._decoder.decode(data))

    def finish(self) -> str:
        last = self._piece(self._decoder.decode(b"", final=True))
        if self._held == "\r":
            # It waited for a line feed that never came: text.
            last, self._held = last + "\r", ""
            self._pieces.append("\r")
        return last

    def _piece(self, text: str) -> str:
        # The final line end is not part of the text, and which one is final shows only at the end.
        text = self._held + text
        kept = text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text.removesuffix("\r")
        self._held = text[len(kept) :]
        self._pieces.append(kept)
        return kept

    def end(self, code: int, stderr: str) -> tuple[Ended, Mapping[str, Any] | None, str | None]:
        if self.fault is not None:
            return "fault", None, self.fault
        if code < 0 or code in _FATAL:
            return "crash", None, f"the process ended ({ending(code)})"
        text = "".join(self._pieces)
        error = None
        if code != 0:
            phase = "stream" if text else "open"
            said = stderr.strip()[-_MESSAGE_LIMIT:] or ending(code)
            error = {
                "type": "exit",
                "message": said,
                "status": None,
                "code": str(code),
                "phase": phase,
                "raised": "thrown",
            }
        choice = {"index": 0, "text": text, "finish_reason": None}
        return "result", {"choices": [choice], "error": error, "final_newline": self._held}, None


class FreshProcess:
    """A client that is started anew for each run, `one-shot` or `plain`."""

    def __init__(self, spec: ClientSpec, nursery: trio.Nursery) -> None:
        self.spec = spec
        self._nursery = nursery
        self.hello: Hello = Hello(
            client=spec.name, dialects=spec.dialects, reports="message", capabilities=spec.capabilities
        )

    async def start(self) -> None:
        """ClientDidNotStart if there is no such program."""
        await trio.lowlevel.checkpoint()
        Child.find(self.spec.command, env=environment(self.spec.env), cwd=self.spec.cwd)

    async def run(self, request: RunRequest, *, deadline_s: float, on_report: OnReport | None = None) -> Said:
        """Runs one case in a process of its own."""
        spec = self.spec
        env = environment(
            {name: fill(value, request) for name, value in spec.env.items()},
            dialect=request.dialect,
            base_url=request.base_url,
            api_key=request.api_key,
            ca_file=request.ca_file,
        )
        command = [fill(word, request) for word in spec.command]
        started_ns = perf_counter_ns()
        try:
            child = await Child.start(command, env=env, cwd=spec.cwd, stdin=False)
        except ClientDidNotStart as error:
            return Said(ended="fault", fault=str(error), started_ns=started_ns, ended_ns=perf_counter_ns())
        try:
            return await self._watch(child, started_ns, deadline_s, on_report)
        finally:
            await child.close()

    async def _watch(self, child: Child, started_ns: int, deadline_s: float, on_report: OnReport | None) -> Said:
        reports: list[Report] = []
        reader = _Plain() if self.spec.kind == "plain" else _OneShot()
        self._nursery.start_soon(child.watch_exit)
        self._nursery.start_soon(child.watch_stderr)

        def hand_on(text: str) -> None:
            if text:
                reports.append(Report(perf_counter_ns(), "delta", {"choice": 0, "text": text}))
                if on_report is not None:
                    on_report(reports[-1])

        answered_ns: int | None = None
        with trio.move_on_after(deadline_s) as deadline:
            while reader.fault is None and (data := await child.receive()):
                hand_on(reader.feed(data))
                if reader.answered and answered_ns is None:
                    answered_ns = perf_counter_ns()
                    deadline.deadline = trio.current_time() + CLOSING_S
            hand_on(reader.finish())
            if reader.fault is None:
                await child.exited.wait()
        in_time = child.exited.is_set() or reader.fault is not None or reader.answered
        ended_by_itself = child.exited.is_set()
        ended_ns = answered_ns or perf_counter_ns()
        await child.kill()
        await child.settle_after_exit()
        stderr = child.stderr.take()
        code = child.process.returncode if ended_by_itself else None
        if in_time:
            ended, result, fault = reader.end(code or 0, stderr)
        else:
            ended, result, fault = "hang", None, f"the process had not ended within {deadline_s:g} s"
        return Said(
            reports=tuple(reports),
            result=result,
            ended=ended,
            fault=fault,
            exit_code=code,
            stderr=stderr,
            started_ns=started_ns,
            ended_ns=ended_ns,
        )

    async def aclose(self) -> None:
        """Nothing lives between runs."""
        await trio.lowlevel.checkpoint()
