"""The scenarios that a server may be asked for by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from streamproof.running.job import jobs_of
from streamproof_formats.dialects import DIALECTS
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import case_hash, compile_case
from streamproof_scenarios.delivery import ALL, delivery_of
from streamproof_scenarios.model import Case, Scenario
from streamproof_scenarios.plan import Plan
from streamproof_scenarios.problem import NotPlayable


class ScenarioBook:
    """Finds plans by scenario id, case id or hash; a plan is compiled when it is first asked for."""

    def __init__(self, scenarios: Sequence[Scenario], delivery: str = "as-written") -> None:
        self._delivery = delivery
        self._cases: dict[str, list[Case]] = {}
        self._ids: dict[str, None] = {}
        for scenario in scenarios:
            for case in cases(scenario):
                if case.dialect not in DIALECTS:
                    continue
                self._ids[scenario.id] = self._ids[case.id] = None
                for name in (scenario.id, case.id, case_hash(case.id, delivery)):
                    self._cases.setdefault(name, []).append(case)
        self._plans: dict[tuple[str, str], Plan] = {}
        self._scenarios = scenarios

    def ids(self) -> list[str]:
        """The ids that can be asked for, hashes left out."""
        return list(self._ids)

    def find(self, text: str, dialects: Sequence[str], delivery: str | None = None) -> tuple[Plan, int] | None:
        """The plan of the longest name that `text` begins with as a whole path, and that name's length.

        Raises ValueError for a `delivery` that is none, or a sweep of many plays.
        """
        if delivery is not None and delivery_of(delivery).kind == "every-split":
            raise ValueError("'every-split' is a sweep of many plays; give one of them, at:N")
        end = len(text)
        while end > 0:
            found = self._cases.get(text[:end])
            if found is not None:
                plan = self._plan(found, dialects, delivery or self._delivery)
                return None if plan is None else (plan, end)
            end = text.rfind("/", 0, end)
        return self._by_hash(text, dialects)

    def _by_hash(self, text: str, dialects: Sequence[str]) -> tuple[Plan, int] | None:
        """A hash also names one of the usual deliveries, whatever the server's own is: reports are full of them."""
        name = text.partition("/")[0]
        hit = self._hashes.get(name)
        plan = None if hit is None else self._plan((hit[0],), dialects, hit[1])
        return None if plan is None else (plan, len(name))

    @cached_property
    def _hashes(self) -> Mapping[str, tuple[Case, str]]:
        jobs = jobs_of(self._scenarios, (*ALL, ""))
        return {job.hash: (job.case, job.delivery) for job in jobs if job.delivery != "every-split"}

    def _plan(self, found: Sequence[Case], dialects: Sequence[str], delivery: str) -> Plan | None:
        spoken = {item.dialect: item for item in reversed(found)}
        case = next((spoken[name] for name in dialects if name in spoken), None) if dialects else found[0]
        if case is None or case.dialect not in DIALECTS:
            return None
        key = (case.id, delivery)
        if key not in self._plans:
            try:
                self._plans[key] = compile_case(case, delivery)
            except NotPlayable:
                return None
        return self._plans[key]
