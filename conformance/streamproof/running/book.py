"""The scenarios that a server may be asked for by name."""

from __future__ import annotations

from collections.abc import Sequence

from streamproof_formats.dialects import DIALECTS
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import case_hash, compile_case
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
        self._plans: dict[str, Plan] = {}

    def ids(self) -> list[str]:
        """The ids that can be asked for, hashes left out."""
        return list(self._ids)

    def find(self, text: str, dialects: Sequence[str]) -> tuple[Plan, int] | None:
        """The plan of the longest name that `text` begins with as a whole path, and that name's length."""
        end = len(text)
        while end > 0:
            found = self._cases.get(text[:end])
            if found is not None:
                plan = self._plan(found, dialects)
                return None if plan is None else (plan, end)
            end = text.rfind("/", 0, end)
        return None

    def _plan(self, found: Sequence[Case], dialects: Sequence[str]) -> Plan | None:
        spoken = {item.dialect: item for item in reversed(found)}
        case = next((spoken[name] for name in dialects if name in spoken), None) if dialects else found[0]
        if case is None:
            return None
        if case.id not in self._plans:
            try:
                self._plans[case.id] = compile_case(case, self._delivery)
            except NotPlayable:
                return None
        return self._plans[case.id]
