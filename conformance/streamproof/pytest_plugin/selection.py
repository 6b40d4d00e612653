"""From the marker's arguments to the cases of a test."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from streamproof.commands.scenes import Selection, jobs
from streamproof.config import Config, load_config
from streamproof.errors import StreamproofError
from streamproof.running.job import Job
from streamproof.running.known import KnownList, read_known
from streamproof.testing.terms import Terms
from streamproof_formats.dialect import DIALECT_NAMES
from streamproof_scenarios.catalogue import Catalogue
from streamproof_scenarios.delivery import delivery_problem
from streamproof_scenarios.problem import ScenarioError

KEYS: Final = ("delivery", "dialect", "select", "capabilities", "strict", "timeout", "judge")


@attrs.frozen(kw_only=True)
class Parameter:
    """One case of a test, and the terms on which it is judged."""

    job: Job
    terms: Terms
    judge: bool
    """False where the test judges by itself."""


def parameters(marker: pytest.Mark, config: pytest.Config, nodeid: str) -> list[Any]:
    """The cases, named by id and delivery.  Raises CollectError in words."""
    try:
        return list(_parameters(marker, config))
    except (StreamproofError, ScenarioError) as error:
        hint = getattr(error, "hint", None)
        raise pytest.Collector.CollectError(f"{nodeid}: {error}" + (f"\n  {hint}" if hint else "")) from None


def folders(config: pytest.Config) -> tuple[str, ...]:
    """The project's own folders of scenarios.  Raises UsageError in words."""
    try:
        return _folders(config, load_config(config.rootpath))
    except StreamproofError as error:
        raise pytest.UsageError(str(error)) from None


def _folders(config: pytest.Config, settings: Config) -> tuple[str, ...]:
    return tuple(str(config.rootpath / folder) for folder in settings.scenarios)


@lru_cache(maxsize=4)
def _catalogue(places: tuple[str, ...]) -> Catalogue:
    return Catalogue.load(*(Path(place) for place in places))


def _parameters(marker: pytest.Mark, config: pytest.Config) -> Iterable[Any]:
    given = marker.kwargs
    _check(marker)
    settings = load_config(config.rootpath)
    book = _catalogue(_folders(config, settings))
    wanted = Selection(
        patterns=tuple(marker.args),
        select=(*_texts("select", given), *(f"dialect:{name}" for name in _texts("dialect", given))),
        delivery=tuple(_seeded(name) for name in _texts("delivery", given) or settings.delivery),
    )
    terms = Terms(
        capabilities=_texts("capabilities", given),
        strict=settings.strict if given.get("strict") is None else bool(given["strict"]),
        timeout_s=float(given.get("timeout") or settings.timeout or Terms().timeout_s),
        pinned=settings.catalogue,
    )
    failing, flaky = (_known(config, path) for path in (settings.known_failing, settings.known_flaky))
    for job in jobs(book, wanted):
        parameter = Parameter(job=job, terms=terms, judge=bool(given.get("judge", True)))
        marks = [*_xfail(failing, job, strict=True), *_xfail(flaky, job, strict=False)]
        yield pytest.param(parameter, id=f"{job.case.id}-{job.delivery}", marks=marks)


def _check(marker: pytest.Mark) -> None:
    for key in marker.kwargs:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(KEYS)}"
            raise StreamproofError(f"the marker streamproof has no argument {key!r}", hint)
    if not all(isinstance(pattern, str) for pattern in marker.args):
        raise StreamproofError(f"the marker streamproof: expected patterns as text, found {marker.args!r}")
    for name in _texts("delivery", marker.kwargs):
        if problem := delivery_problem(_seeded(name)):
            raise StreamproofError(f"the marker streamproof: delivery {name!r}: {problem}")
    for name in _texts("dialect", marker.kwargs):
        if name not in DIALECT_NAMES:
            raise StreamproofError(
                f"the marker streamproof: {name!r} is no dialect", f"known: {', '.join(DIALECT_NAMES)}"
            )


def _seeded(delivery: str) -> str:
    """`random` alone is always the same one: a test has one name in every run."""
    return "random:1" if delivery == "random" else delivery


def _texts(key: str, given: dict[str, Any] | Any) -> tuple[str, ...]:
    value = given.get(key)
    found = () if value is None else ((value,) if isinstance(value, str) else tuple(value))
    if not all(isinstance(item, str) for item in found):
        raise StreamproofError(f"the marker streamproof: expected {key} as text or a list of texts, found {value!r}")
    return found


def _known(config: pytest.Config, path: str | None) -> KnownList:
    return read_known(None if path is None else str(config.rootpath / path))


def _xfail(known: KnownList, job: Job, *, strict: bool) -> list[pytest.MarkDecorator]:
    line = known.line_of(job.case.id, job.delivery)
    word = "fail" if strict else "be flaky"
    return [] if line is None else [pytest.mark.xfail(reason=f"known to {word} ({known.path}:{line})", strict=strict)]
