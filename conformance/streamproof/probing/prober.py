"""The prober: sends the probes one after the other, tries again where that is fair, judges what comes back."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from time import perf_counter_ns
from typing import Any, Final

import attrs
import trio

from streamproof.errors import CannotJudge
from streamproof.judging.recorded import Recorded, judge_answer, worth
from streamproof.probing.call import Called, Endpoint, Unreachable, call
from streamproof.probing.probes import Asking, Probe, plan_of
from streamproof.probing.waiting import wait_s
from streamproof_formats.finding import Finding
from streamproof_formats.rules import broken
from streamproof_reports.document import CaseFinding, CaseResult, Verdict, WireEvent

TRIES: Final = 3
EXCERPT: Final = 4096
MARKS: Final = 200


@attrs.frozen(kw_only=True)
class Prober:
    """All that one run of probes needs."""

    endpoint: Endpoint
    dialect: str
    asking: Asking
    profile: str = "strict"
    strict: bool = False
    max_requests: int = 40
    reproduce: tuple[str, ...] = ()
    """The command that probes again."""

    async def run(self, tell: Callable[[CaseResult], None]) -> int:
        """Sends every probe and tells of each; gives the number of requests.

        Raises `CannotJudge` when the first probe gets no answer: there is nothing to judge then.
        """
        state = _State(self)
        for number, probe in enumerate(plan_of(self.dialect)):
            try:
                result = await state.probe(probe)
            except Unreachable as error:
                if number == 0:
                    raise CannotJudge(str(error), "is the address right, and the server running?") from error
                result = self.result(probe, "harness_error", reason=str(error))
            tell(result)
        return state.requests

    def result(self, probe: Probe, verdict: Verdict, **fields: Any) -> CaseResult:
        """A result with what is known of the probe alone."""
        return CaseResult(
            case=f"probe/{probe.name}",
            scenario=None,
            probe=probe.name,
            title=probe.title,
            dialect=self.dialect,
            delivery=None,
            client=None,
            verdict=verdict,
            refs=probe.refs,
            reproduce=self.reproduce if verdict in {"fail", "warn"} else (),
            **fields,
        )


@attrs.define
class _State:
    """What changes while the probes are sent."""

    prober: Prober
    requests: int = 0
    keys_matter: bool | None = None

    async def probe(self, probe: Probe) -> CaseResult:
        started_ns = perf_counter_ns()
        if probe.wrong_key and self.prober.endpoint.key is None:
            return self.prober.result(probe, "skip", reason="no key was given, so a wrong one proves nothing")
        called, tries = await self._call(probe)
        result = self._judge(probe, called, tries)
        if probe.wants == "abort":
            result = await self._after_abort(result)
        return attrs.evolve(result, duration_s=round((perf_counter_ns() - started_ns) / 1e9, 4))

    async def _call(self, probe: Probe) -> tuple[Called, tuple[int, ...]]:
        """Sends a probe; 429 and 5xx are tried again and recorded, a refusal that is wanted is not."""
        statuses: list[int] = []
        while True:
            if self.requests >= self.prober.max_requests:
                raise Unreachable(f"the limit of {self.prober.max_requests} requests is reached")
            self.requests += 1
            called = await call(
                self.prober.endpoint,
                probe.body(self.prober.asking),
                wrong_key=probe.wrong_key,
                leave_after_data=probe.wants == "abort",
            )
            status = called.status or 0
            again = status == 429 or (status >= 500 and probe.wants != "refusal")
            if not again or len(statuses) + 1 >= TRIES:
                return called, tuple(statuses)
            statuses.append(status)
            await trio.sleep(wait_s(self._read(called).head, len(statuses)))

    def _judge(self, probe: Probe, called: Called, tries: tuple[int, ...]) -> CaseResult:
        recorded = self._read(called)
        evidence = self._evidence(called, recorded, tries)
        if called.status is None:
            reason = f"the answer is no HTTP: {recorded.problem or 'no status line came'}"
            return self.prober.result(probe, "fail", reason=reason, **evidence)
        match probe.wants:
            case "refusal":
                return self._refusal(probe, called, recorded, evidence)
            case "stream" | "abort" if called.status >= 400:
                said = _excerpt_text(recorded.body)
                reason = f"refused with status {called.status}: {said}"
                documented = probe.name != "plain" and called.status < 500 and called.status not in {401, 403, 429}
                return self.prober.result(probe, "skip" if documented else "harness_error", reason=reason, **evidence)
            case "abort":
                return self.prober.result(probe, "pass", **evidence)
            case _ if called.stopped is not None:
                bound = {
                    "time": f"{self.prober.endpoint.timeout_s:g} s",
                    "bytes": f"{self.prober.endpoint.max_bytes} bytes",
                }
                reason = f"the answer did not end within {bound.get(called.stopped, called.stopped)}"
                return self.prober.result(probe, "harness_error", reason=reason, **evidence)
            case _:
                return self._stream(probe, recorded, evidence)

    def _read(self, called: Called) -> Recorded:
        request = called.request if isinstance(called.request, Mapping) else None
        end = called.recording.end or ("timeout" if called.stopped else "eof")
        pieces = [data for _, data in called.recording.reads]
        return judge_answer(pieces, self.prober.dialect, request=request, profile=self.prober.profile, socket_end=end)

    def _stream(self, probe: Probe, recorded: Recorded, evidence: dict[str, Any]) -> CaseResult:
        findings = recorded.judgement.findings
        verdict = worth(findings, problem=recorded.problem is not None, strict=self.prober.strict)
        return self.prober.result(
            probe, verdict, findings=_case_findings(findings), reason=recorded.problem, **evidence
        )

    def _refusal(self, probe: Probe, called: Called, recorded: Recorded, evidence: dict[str, Any]) -> CaseResult:
        status = called.status or 0
        findings = list(recorded.judgement.findings) if status >= 400 else []
        if probe.wrong_key and status < 400:
            reason = "the endpoint takes any key, so nothing can be said of wrong ones"
            return self.prober.result(probe, "skip", reason=reason, **evidence)
        if status < 400:
            # "An error known before the first byte is a normal 4xx or 5xx" is all that documents say of it.
            findings.append(broken("SSE-47", f"expected a status of 400 and above for a bad request, found {status}"))
        if status >= 500:
            evidence["notes"] = (*evidence["notes"], f"a mistake of the client's is answered with status {status}")
        verdict = worth(findings, strict=self.prober.strict)
        return self.prober.result(probe, verdict, findings=_case_findings(findings), **evidence)

    async def _after_abort(self, result: CaseResult) -> CaseResult:
        """A plain request must still be answered after a client has left."""
        plain = plan_of(self.prober.dialect)[0]
        try:
            called, _ = await self._call(plain)
        except Unreachable as error:
            return attrs.evolve(result, verdict="fail", reason=f"after a client had left: {error}")
        if called.status != 200 or called.stopped is not None:
            reason = f"after a client had left, a plain request got status {called.status} and did not end as it should"
            return attrs.evolve(result, verdict="fail", reason=reason)
        return result

    def _evidence(self, called: Called, recorded: Recorded, tries: tuple[int, ...]) -> dict[str, Any]:
        recording = called.recording
        body = self._without_key(recorded.body)
        place = next((f.start for f in recorded.judgement.findings if f.start is not None), 0)
        start = max(0, min(place - EXCERPT // 2, len(body) - EXCERPT))
        notes = [f"tried again after status {status}" for status in tries]
        if recording.reads:
            first_ms = (recording.reads[0][0] - called.started_ns) / 1e6
            notes.append(
                f"first bytes after {first_ms:.0f} ms, {len(recording.reads)} reads, {len(body)} bytes of body"
            )
        return {
            "notes": tuple(notes),
            "sent": base64.b64encode(body[start : start + EXCERPT]).decode("ascii"),
            "sent_from": start,
            "sent_total": len(body),
            "timeline": self._timeline(called),
        }

    def _timeline(self, called: Called) -> tuple[WireEvent, ...]:
        marks = []
        if called.recording.sent_ns is not None:
            at_ms = round((called.recording.sent_ns - called.started_ns) / 1e6, 3)
            marks.append(WireEvent(at_ms=at_ms, lane="client", kind="request", text="request sent"))
        for at_ns, data in called.recording.reads[:MARKS]:
            at_ms = round((at_ns - called.started_ns) / 1e6, 3)
            text = self._without_key(data[:200]).decode("utf-8", "replace")
            marks.append(WireEvent(at_ms=at_ms, lane="server", kind="write", text=text))
        return tuple(marks)

    def _without_key(self, data: bytes) -> bytes:
        """An endpoint may echo what it was sent; no key of the user's goes into a report."""
        key = self.prober.endpoint.key
        return data.replace(key.encode(), b"***") if key else data


def _case_findings(findings: tuple[Finding, ...] | list[Finding]) -> tuple[CaseFinding, ...]:
    return tuple(CaseFinding(check="rule", **attrs.asdict(finding)) for finding in findings)


def _excerpt_text(body: bytes) -> str:
    try:
        value = json.loads(body)
        said = value.get("error", value) if isinstance(value, dict) else value
        text = said.get("message", said) if isinstance(said, dict) else said
    except ValueError:
        text = body.decode("utf-8", "replace")
    return " ".join(str(text).split())[:200]
