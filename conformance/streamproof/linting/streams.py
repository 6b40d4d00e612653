"""Does each stream break exactly the rules that its file names?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from streamproof.judging.sent import read_answer
from streamproof.judging.tables import BASES
from streamproof_formats.dialects import DIALECTS
from streamproof_formats.finding import Finding
from streamproof_formats.profiles import PROFILES
from streamproof_formats.rules import RULES
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.model import Case, Scenario
from streamproof_scenarios.problem import NotPlayable


@attrs.frozen(kw_only=True)
class Problem:
    """One thing wrong with a scenario file."""

    path: str
    line: int
    case: str
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.case}: {self.message}; {self.fix}"


@attrs.frozen(kw_only=True)
class Checked:
    """What linting the streams came to."""

    problems: tuple[Problem, ...]
    broken: frozenset[str]
    """Rules that some stream breaks."""
    unplayable: tuple[tuple[str, str], ...]
    """Cases that cannot be written yet, with the reason."""


def lint_streams(scenarios: Iterable[Scenario]) -> Checked:
    """Judges every case's stream under strict, and under its profile where it names one."""
    problems: list[Problem] = []
    broken: set[str] = set()
    unplayable = []
    for scenario in scenarios:
        for case in cases(scenario):
            try:
                found = findings_of(case)
            except NotPlayable as error:
                unplayable.append((case.id, str(error)))
                continue
            broken.update(finding.rule for finding in found)
            problems += _against_breaks(case, found)
            problems += _against_profile(case)
    return Checked(problems=tuple(problems), broken=frozenset(broken), unplayable=tuple(unplayable))


def findings_of(case: Case, profile: str = "strict") -> list[Finding]:
    """What the answers of a case break, all together."""
    if case.dialect not in DIALECTS:
        raise NotPlayable(f"{case.dialect} is not spoken yet")
    plan = compile_case(case)
    limit = 256 << 10 if case.scenario.client.stop_after is not None else 64 << 20
    return [f for answer in plan.answers for f in read_answer(case, answer, limit=limit, profile=profile).findings]


def _against_breaks(case: Case, found: list[Finding]) -> Iterator[Problem]:
    said, seen = set(case.breaks), {finding.rule: finding for finding in reversed(found)}
    for rule in sorted(seen.keys() - said):
        fix = f"name {rule} in breaks, or mend the stream"
        yield _problem(case, f"the stream breaks {rule} ({seen[rule].message}), which breaks does not name", fix)
    for rule in sorted(said - seen.keys()):
        yield _problem(case, f"breaks names {rule}, which the stream keeps", f"take {rule} out of breaks")


def _against_profile(case: Case) -> Iterator[Problem]:
    profile = case.scenario.profile
    if profile == "strict":
        return
    if profile not in PROFILES:
        yield _problem(case, f"the profile {profile} does not exist", f"one of {', '.join(PROFILES)}")
        return
    for finding in findings_of(case, profile):
        rule = RULES[finding.rule]
        if BASES[rule.basis, rule.level] == "fail":
            fix = "take the profile away, or make the stream legal under it"
            yield _problem(case, f"under the profile {profile} the stream still breaks {finding.rule}", fix)


def _problem(case: Case, message: str, fix: str) -> Problem:
    mark = case.scenario.stream_mark
    return Problem(path=case.scenario.path, line=mark.line if mark else 1, case=case.id, message=message, fix=fix)
