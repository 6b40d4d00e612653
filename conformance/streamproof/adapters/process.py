"""A long-lived client: one process that speaks JSON lines, watched, and started anew after a hang, crash or fault."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from time import perf_counter_ns
from typing import Any, Final, Literal

import attrs
import trio

from streamproof.adapters import messages
from streamproof.adapters.child import CLOSING_S, Child, ClientDidNotStart, ending, last_lines
from streamproof.adapters.client import Client, OnReport
from streamproof.adapters.environment import environment
from streamproof.adapters.lines import Lines
from streamproof.adapters.messages import AdapterFault
from streamproof.adapters.oneshot import FreshProcess
from streamproof.adapters.said import Ended, Hello, Report, ReportKind, RunRequest, Said
from streamproof.adapters.spec import ClientSpec

HELLO_TIMEOUT_S: Final = 30.0
BYE_TIMEOUT_S: Final = 2.0
RUN_LIMIT: Final = 256 << 20
"""Bytes that one run may write to standard output."""

Leave = Literal["bye", "end of input", "killed"]
"""What it took to end a process."""

_KINDS: Final[Mapping[str, ReportKind]] = {"events": "event", "items": "item", "message": "delta"}


@attrs.define(eq=False)
class _Run:
    """A run that is going on."""

    number: int
    on_report: OnReport | None
    reports: list[Report] = attrs.field(factory=list)
    done: trio.Event = attrs.field(factory=trio.Event)
    ended: Ended = "hang"
    result: Mapping[str, Any] | None = None
    fault: str | None = None
    exit_code: int | None = None
    ended_ns: int = 0
    size: int = 0

    def end(self, ended: Ended, fault: str | None = None, exit_code: int | None = None) -> None:
        if not self.done.is_set():
            self.ended, self.fault, self.exit_code = ended, fault, exit_code
            self.ended_ns = perf_counter_ns()
            self.done.set()


class Life:
    """One start of the process, from hello to its end."""

    def __init__(self, child: Child, ca_file: str | None) -> None:
        self.child = child
        self.ca_file = ca_file
        self.hello: Hello | None = None
        self.greeted = trio.Event()
        """Set by the hello, and by an end that came before it."""
        self.over: str | None = None
        """Why this life is over; None while it is not."""
        self.broke_protocol = False
        self.pending: str | None = None
        """A fault that came while nothing ran."""
        self.exit_code: int | None = None
        self.current: _Run | None = None
        self._last = 0
        self._lines = Lines()

    @property
    def is_alive(self) -> bool:
        """Whether runs can be sent to it, as far as is known."""
        return self.over is None and not self.child.exited.is_set() and not self.child.stdout_ended.is_set()

    # Reading

    async def read(self) -> None:
        """Reads standard output to its end: a task beside the runs."""
        try:
            while data := await self.child.receive():
                at_ns = perf_counter_ns()
                for line in self._lines.feed(data):
                    self._take(line, at_ns)
            if rest := self._lines.rest():
                # A last line without its end: a whole message counts, a piece of one is what a crash leaves.
                with contextlib.suppress(AdapterFault):
                    self._take(rest, perf_counter_ns())
        except AdapterFault as fault:
            self._fault(str(fault))
            return
        finally:
            self.child.stdout_ended.set()
        with trio.move_on_after(CLOSING_S):
            await self.child.exited.wait()
        if not self.child.exited.is_set():
            self._fault(
                "expected its standard output to stay open until bye, found it closed while the process still runs"
            )

    async def watch(self) -> None:
        """Waits for the end of the process: a task beside the runs."""
        await self.child.watch_exit()
        await self.child.settle_after_exit()
        code = self.child.process.returncode
        assert code is not None
        self.exit_code = code
        hint = "; an adapter serves runs until bye" if code == 0 else ""
        self._end("crash", f"the process ended ({ending(code)}) before its result{hint}", code)

    def _take(self, line: bytes, at_ns: int) -> None:
        where = self._lines.where
        message = messages.parse(line, where)
        kind = message["type"]
        if kind == "hello" or self.hello is None:
            self._greet(message, where)
            return
        run = self._run_of(message, where)
        run.size += len(line)
        if run.size > RUN_LIMIT:
            raise AdapterFault(f"{where}: expected at most {RUN_LIMIT >> 20} MiB of output in one run, found more")
        match kind:
            case "result":
                self._result(run, message, where)
            case "adapter_error":
                said = message["message"] or "without a word"
                self._done("fault", f"the adapter reported a fault of its own: {said}")
            case _:
                self._report(run, kind, message, at_ns, where)

    def _greet(self, message: Mapping[str, Any], where: str) -> None:
        if self.hello is not None:
            raise AdapterFault(f"{where}: expected one hello, found a second; answer each message hello once")
        if message["type"] != "hello":
            raise AdapterFault(
                f"{where}: expected the message hello first, found {message['type']}; answer hello before all else"
            )
        self.hello = messages.hello(message)
        self.greeted.set()

    def _run_of(self, message: Mapping[str, Any], where: str) -> _Run:
        number, kind, run = message.get("id"), message["type"], self.current
        if run is None:
            after = f"after the result of run {self._last}" if self._last else "before any run"
            raise AdapterFault(
                f"{where}: expected nothing {after}, found {kind} with id {number}; end every run with its result"
            )
        if number is not None and number != run.number:
            raise AdapterFault(
                f"{where}: expected the id {run.number} in {kind}, found {number}; answer with the id of the run"
            )
        return run

    def _report(self, run: _Run, kind: str, message: Mapping[str, Any], at_ns: int, where: str) -> None:
        assert self.hello is not None
        due = _KINDS[self.hello.reports]
        if kind != due:
            raise AdapterFault(
                f"{where}: expected {due}, since hello said reports: {self.hello.reports}; found {kind}; "
                "say in hello what the client hands out: events, items or message"
            )
        report = Report(at_ns, due, message["data"] if kind == "item" else messages.without_envelope(message))
        run.reports.append(report)
        if run.on_report is not None:
            run.on_report(report)

    def _result(self, run: _Run, message: Mapping[str, Any], where: str) -> None:
        assert self.hello is not None
        if self.hello.reports == "message" and message.get("choices") is None and message.get("error") is None:
            raise AdapterFault(
                f"{where}: expected choices in the result, since hello said reports: message; found only "
                f"{messages.listed(message)}; give the message that the client assembled, [] for an empty one"
            )
        run.result = messages.without_envelope(message)
        self._done("result")

    # Ending

    def _done(self, ended: Ended, fault: str | None = None, exit_code: int | None = None) -> None:
        if self.current is not None:
            self._last = self.current.number
            self.current.end(ended, fault, exit_code)
            self.current = None

    def _fault(self, text: str) -> None:
        """A breach of the protocol: the run ends with it, and the process."""
        if self.over is None and self.current is None and self.hello is not None:
            self.pending = text
        self.broke_protocol = self.broke_protocol or self.over is None
        self._end("fault", text)
        self.child.kill_group()

    def _end(self, ended: Ended, text: str, exit_code: int | None = None) -> None:
        if self.over is None:
            self.over = text
        self._done(ended, text, exit_code)
        self.greeted.set()

    async def kill(self, ended: Ended, why: str) -> None:
        """Ends the process, and the run in it."""
        self._end(ended, why)
        await self.child.kill()

    # Writing

    async def write(self, line: bytes) -> None:
        """Sends one message; one that nobody reads is no error here, since the end of the process tells more."""
        assert self.child.process.stdin is not None
        try:
            await self.child.process.stdin.send_all(line)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            with trio.move_on_after(CLOSING_S):
                await self.child.exited.wait()
            if not self.child.exited.is_set():
                self._fault("expected it to read its standard input, found it closed while the process still runs")

    async def bye(self) -> Leave:
        """Takes leave, and tells what it took; kills what has not ended in `BYE_TIMEOUT_S`."""
        stdin = self.child.process.stdin
        assert stdin is not None
        leave: Leave = "killed"
        with trio.move_on_after(BYE_TIMEOUT_S):
            with trio.move_on_after(BYE_TIMEOUT_S / 2):
                await self.write(messages.line("bye"))
                # Not `exited`: when the harness is being cancelled, the task that sets it is gone.
                await self.child.process.wait()
                leave = "bye"
            if leave != "bye":
                await stdin.aclose()
                await self.child.process.wait()
                leave = "end of input"
        await self.child.close()
        return leave


class LongLived:
    """A client whose process lives from run to run."""

    def __init__(self, spec: ClientSpec, nursery: trio.Nursery, hello_timeout_s: float) -> None:
        self.spec = spec
        self._nursery = nursery
        self._hello_timeout_s = hello_timeout_s
        self._life: Life | None = None
        self._hello: Hello | None = None
        self._numbers = 0
        self._is_busy = False
        self.starts = 0
        """How many processes were started so far."""
        self.leave: Leave | None = None
        """How the last process ended, once it was said goodbye to."""

    @property
    def hello(self) -> Hello:
        """How it introduced itself, at its first start."""
        assert self._hello is not None
        return self._hello

    async def start(self, ca_file: str | None = None) -> Life:
        """Starts a process and greets it.  ClientDidNotStart if it does not answer."""
        spec = self.spec
        child = await Child.start(spec.command, env=environment(spec.env, ca_file=ca_file), cwd=spec.cwd, stdin=True)
        life = self._life = Life(child, ca_file)
        self.starts += 1
        for task in (life.read, life.watch, child.watch_stderr):
            self._nursery.start_soon(task)
        with trio.move_on_after(self._hello_timeout_s):
            await life.write(messages.line("hello", protocol=messages.PROTOCOL))
            await life.greeted.wait()
        if life.hello is None or life.over is not None:
            await self._give_up(life)
        assert life.hello is not None
        if self._hello is None:
            self._hello = life.hello
        return life

    async def _give_up(self, life: Life) -> None:
        command = " ".join(self.spec.command)
        if life.over is None:
            why = f"it said nothing within {self._hello_timeout_s:g} s; answer the message hello, and flush"
        elif life.exit_code is not None and not life.broke_protocol:
            why = f"it ended with {ending(life.exit_code)}"
        else:
            why = life.over
        await life.kill("fault", why)
        await life.child.settle_after_exit()
        raise ClientDidNotStart(f"expected {command} to answer hello, but {why}{last_lines(life.child.stderr.take())}")

    async def _alive(self, ca_file: str | None) -> Life:
        """The process to run in: the one that lives, or a new one."""
        life = self._life
        if life is not None and life.is_alive:
            if ca_file in (None, life.ca_file):
                return life
            await life.bye()
        elif life is not None:
            await life.child.close()
        return await self.start(ca_file)

    async def run(self, request: RunRequest, *, deadline_s: float, on_report: OnReport | None = None) -> Said:
        """Runs one case.  A process that hangs, ends or breaks the protocol is replaced at the next run."""
        if self._is_busy:
            raise RuntimeError(f"{self.spec.label} runs one case at a time; open it once more for two at once")
        self._is_busy = True
        try:
            return await self._run(request, deadline_s, on_report)
        finally:
            self._is_busy = False

    async def _run(self, request: RunRequest, deadline_s: float, on_report: OnReport | None) -> Said:
        started_ns = perf_counter_ns()
        life = self._life
        if life is not None and life.pending is not None:
            fault, life.pending = life.pending, None
            stderr = life.child.stderr.take()
            return Said(ended="fault", fault=fault, stderr=stderr, started_ns=started_ns, ended_ns=perf_counter_ns())
        try:
            life = await self._alive(request.ca_file)
        except ClientDidNotStart as error:
            return Said(ended="fault", fault=str(error), started_ns=started_ns, ended_ns=perf_counter_ns())
        self._numbers += 1
        run = life.current = _Run(self._numbers, on_report)
        life.child.stderr.take()
        started_ns = perf_counter_ns()
        try:
            with trio.move_on_after(deadline_s):
                await life.write(messages.run_line(run.number, request))
                await run.done.wait()
            if not run.done.is_set():
                await life.kill("hang", f"no result within {deadline_s:g} s")
        finally:
            if not run.done.is_set():
                await life.kill("fault", "the run was cancelled")
        await (life.child.settle() if life.over is None else life.child.settle_after_exit())
        return Said(
            reports=tuple(run.reports),
            result=run.result,
            ended=run.ended,
            fault=run.fault,
            exit_code=run.exit_code,
            stderr=life.child.stderr.take(),
            started_ns=started_ns,
            ended_ns=run.ended_ns,
        )

    async def aclose(self) -> None:
        """Says bye, and kills what is left."""
        life = self._life
        if life is None:
            return
        if life.over is None:
            self.leave = await life.bye()
        else:
            await life.child.close()

    async def quiet(self, for_s: float) -> str | None:
        """What went wrong while nothing was asked of it for so long; None if nothing did."""
        await trio.sleep(for_s)
        return None if self._life is None else self._life.over


@contextlib.asynccontextmanager
async def open_client(spec: ClientSpec, *, hello_timeout_s: float = HELLO_TIMEOUT_S) -> AsyncIterator[Client]:
    """Starts a client of any kind, and ends it with the block, whatever happens in it.

    ClientDidNotStart if it cannot be run.
    """
    alone: BaseException | None = None
    try:
        async with trio.open_nursery() as nursery:
            client: LongLived | FreshProcess
            if spec.kind == "long-lived":
                client = LongLived(spec, nursery, hello_timeout_s)
            else:
                client = FreshProcess(spec, nursery)
            try:
                await client.start()
                yield client
            finally:
                with trio.CancelScope(shield=True):
                    await client.aclose()
                nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        # The nursery is ours and its tasks raise nothing of their own: hand on what the block raised as it was.
        if len(group.exceptions) != 1:
            raise
        alone = group.exceptions[0]
    if alone is not None:
        raise alone
