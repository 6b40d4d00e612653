"""The prober: sends the probes one after the other, tries again where that is fair, tells what came back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from time import perf_counter_ns
from typing import Any, Final

import attrs
import trio

from streamproof.errors import CannotJudge
from streamproof.judging.recorded import Limits, Recorded, SocketEnd, judge_answer, passing_profiles
from streamproof.probing.call import MOST_HEAD, Called, Endpoint, Manner, Unreachable, call
from streamproof.probing.evidence import curl, evidence, timing
from streamproof.probing.masking import Mask
from streamproof.probing.probes import PROBES, Asking, Probe
from streamproof.probing.ruling import BUSY, NOT_IMPLEMENTED, Ruling, Setting, rule_on
from streamproof.probing.waiting import LONGEST_S, wait_s
from streamproof_formats.finding import Finding
from streamproof_reports.document import CaseFinding, CaseResult

TRIES: Final = 3
"""How often a request is sent at most."""

GIVES_UP_AFTER: Final = 2
"""Probes in a row without an answer, after which no more are sent."""

PLAIN: Final = "plain"


class _LimitReached(Exception):  # noqa: N818 - a state of the run
    """No more requests may be sent."""


@attrs.frozen(kw_only=True)
class Prober:
    """All that one run of probes needs."""

    endpoint: Endpoint
    dialect: str
    asking: Asking
    probes: tuple[Probe, ...]
    profile: str = "strict"
    strict: bool = False
    max_requests: int = 40
    command: str = "streamproof check endpoint"
    """The command that probes again, without the choice of a probe."""
    key_variable: str = "STREAMPROOF_API_KEY"
    sleep: Callable[[float], Awaitable[object]] = trio.sleep
    """Waits between tries, in seconds."""

    async def run(self, tell: Callable[[CaseResult], None], totals: dict[str, int] | None = None) -> None:
        """Sends the probes and tells of each; counts the requests in `totals`.

        Without an answer to the plain request nothing more is sent: nothing could be learnt.
        """
        run = _Run(self, totals if totals is not None else {})
        for probe in self.probes:
            result = await run.probe(probe)
            tell(run.mask.result(result))
            if (probe.name == PLAIN and result.verdict == "harness_error") or run.silent >= GIVES_UP_AFTER:
                break

    @property
    def setting(self) -> Setting:
        """What the rulings depend on."""
        return Setting(dialect=self.dialect, endpoint=self.endpoint, asking=self.asking, strict=self.strict)


@attrs.define
class _Run:
    """What changes while the probes are sent."""

    prober: Prober
    totals: dict[str, int]
    mask: Mask = attrs.field(init=False)
    silent: int = 0
    """Probes in a row that got no answer."""

    def __attrs_post_init__(self) -> None:
        self.mask = Mask(self.prober.endpoint.key)
        self.totals["requests"] = 0

    async def probe(self, probe: Probe) -> CaseResult:
        """Sends one probe and decides on its answer."""
        started_ns = perf_counter_ns()
        result = await self._probed(probe)
        return attrs.evolve(result, duration_s=round((perf_counter_ns() - started_ns) / 1e9, 4))

    async def _probed(self, probe: Probe) -> CaseResult:
        if probe.wrong_key and self.prober.endpoint.key is None:
            reason = "no key was given, so a wrong one proves nothing"
            return self._result(probe, Ruling(verdict="skip", reason=reason, missing=("a key",)))
        try:
            called, recorded, tried = await self._asked(probe)
            self.silent = 0
            ruling = self._with_profiles(called, rule_on(probe, called, recorded, self.prober.setting))
            if probe.wants == "abort" and ruling.verdict == "pass":
                ruling = await self._after_abort(ruling)
        except Unreachable as error:
            self.silent += 1
            hint = "; is the address right, and the server running?" if probe.name == PLAIN else ""
            return self._result(probe, Ruling(verdict="harness_error", reason=f"{error}{hint}"))
        except (CannotJudge, _LimitReached) as error:
            return self._result(probe, Ruling(verdict="harness_error", reason=str(error)))
        shown = evidence(called, recorded, ruling.findings, self.mask)
        return self._result(probe, ruling, (*tried, timing(called, recorded)), **shown)

    async def _asked(self, probe: Probe) -> tuple[Called, Recorded, tuple[str, ...]]:
        """Sends a probe; what tells of the moment only is tried again, a refusal that is wanted is not."""
        manner = Manner(accept=probe.accept, wrong_key=probe.wrong_key, leave_early=probe.wants == "abort")
        tried: list[str] = []
        while True:
            if self.totals["requests"] >= self.prober.max_requests:
                raise _LimitReached(f"the limit of {self.prober.max_requests} requests is reached (--max-requests)")
            self.totals["requests"] += 1
            called = await call(self.prober.endpoint, probe.body(self.prober.asking), manner)
            recorded = self._read(called, self.prober.profile)
            status = recorded.head.status if recorded.head else 0
            again = status in BUSY or (status >= 500 and status != NOT_IMPLEMENTED and probe.wants != "refusal")
            if not again or len(tried) + 1 >= TRIES:
                return called, recorded, tuple(tried)
            wait = wait_s(recorded.head, len(tried) + 1)
            if wait > LONGEST_S:
                tried.append(f"not tried again: with status {status} it asks to wait for {wait:g} s")
                return called, recorded, tuple(tried)
            tried.append(f"tried again after status {status} and {wait:g} s")
            await self.prober.sleep(wait)

    def _read(self, called: Called, profile: str) -> Recorded:
        end: SocketEnd = "timeout" if called.stopped else called.recording.end or "eof"
        return judge_answer(
            called.recording.pieces,
            self.prober.dialect,
            request=called.request if isinstance(called.request, Mapping) else None,
            profile=profile,
            socket_end=end,
            limits=Limits(head=MOST_HEAD, decoded=self.prober.endpoint.max_bytes + 1),
        )

    def _with_profiles(self, called: Called, ruling: Ruling) -> Ruling:
        """Names the profiles under which the answer would pass."""
        if self.prober.profile != "strict" or ruling.verdict != "fail" or ruling.reason is not None:
            return ruling
        names = passing_profiles(ruling.findings, self.prober.dialect, lambda name: self._read(called, name).findings)
        if not names:
            return ruling
        note = f"nothing here fails under the profile {' or '.join(names)} (--profile)"
        return attrs.evolve(ruling, notes=(*ruling.notes, note))

    async def _after_abort(self, ruling: Ruling) -> Ruling:
        """A plain request must still be answered after a client has left."""
        plain = next(probe for probe in PROBES[self.prober.dialect] if probe.name == PLAIN)
        try:
            called, recorded, _ = await self._asked(plain)
        except Unreachable as error:
            return attrs.evolve(
                ruling, verdict="fail", reason=f"after a client had left, a plain request failed: {error}"
            )
        status = recorded.head.status if recorded.head else None
        if status is not None and status != 200:
            reason = f"after a client had left, a plain request got status {status}"
            return attrs.evolve(ruling, verdict="harness_error", reason=reason)
        if status is None or called.stopped is not None or recorded.end != "clean":
            reason = f"after a client had left, the answer to a plain request did not end as it should: {recorded.end}"
            return attrs.evolve(ruling, verdict="fail", reason=reason)
        return ruling

    def _result(self, probe: Probe, ruling: Ruling, notes: tuple[str, ...] = (), **shown: Any) -> CaseResult:
        prober = self.prober
        again = f"{prober.command} --probe {probe.name}"
        asked = curl(prober.endpoint, probe, prober.asking, prober.key_variable)
        return CaseResult(
            case=f"probe/{probe.name}",
            scenario=None,
            probe=probe.name,
            title=probe.title,
            dialect=prober.dialect,
            delivery=None,
            client=None,
            verdict=ruling.verdict,
            reason=ruling.reason,
            missing=ruling.missing,
            findings=_case_findings(ruling.findings),
            notes=(*ruling.notes, *notes),
            refs=probe.refs,
            reproduce=() if ruling.verdict in {"pass", "skip"} else (again, asked),
            **shown,
        )


def _case_findings(findings: Iterable[Finding]) -> tuple[CaseFinding, ...]:
    return tuple(CaseFinding(check="rule", **attrs.asdict(finding)) for finding in findings)
