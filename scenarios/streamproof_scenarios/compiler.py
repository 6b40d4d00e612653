"""The compiler: cases in, plans out.  Pure: the same case gives the same bytes, everywhere and always."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Final

import attrs

from streamproof_formats.dialect import Dialect, StreamFraming
from streamproof_formats.dialects import DIALECTS
from streamproof_scenarios.body import cut_up
from streamproof_scenarios.cases import cases
from streamproof_scenarios.delivery import Delivery, delivery_of
from streamproof_scenarios.encoding import EncodingName, compressor, encoded
from streamproof_scenarios.framing import framing_of, is_whole
from streamproof_scenarios.model import Answer, Case
from streamproof_scenarios.plan import AnswerPlan, Operation, Plan
from streamproof_scenarios.problem import NotPlayable, Problem, ScenarioError
from streamproof_scenarios.regrouping import writes
from streamproof_scenarios.script import KEPT_ITEMS, Script, script_of
from streamproof_scenarios.track import Cut, Flat, Piece

__all__ = ["case_hash", "cases", "compile_answer", "compile_case", "plays"]

_STREAM_TYPES: Final[dict[StreamFraming, Callable[[Dialect], str]]] = {
    "sse": lambda dialect: f"{dialect.content_type}; charset=utf-8",
    "ndjson": lambda dialect: dialect.content_type,
}
LENGTH_LIMIT: Final = 100_000
"""Pieces of a body at most that are counted to announce its length."""
SWEEP_LIMIT: Final = 1 << 14
"""Bytes of a body at most for `every-split`, which plays once for each boundary."""


def compile_case(case: Case, delivery: str = "as-written", *, encoding_ok: bool = True) -> Plan:
    """What a case does under one delivery.

    `encoding_ok` is False where the client offered no such encoding: the body is then written as it is.
    Raises NotPlayable for what cannot be written yet, ScenarioError for a step that cannot be written in this dialect,
    ValueError for a delivery of another name.  A sweep (`every-split`) has no plan of its own: see `plays`.
    """
    chosen = _single(delivery)
    answers = tuple(_Compiled.of(answer, case, encoding_ok=encoding_ok).plan(chosen) for answer in case.answers)
    return _plan(case, chosen, answers)


def compile_answer(answer: Answer, case: Case, delivery: str = "as-written", *, encoding_ok: bool = True) -> AnswerPlan:
    """One answer of a case under one delivery; see `compile_case`."""
    return _Compiled.of(answer, case, encoding_ok=encoding_ok).plan(_single(delivery))


def plays(case: Case, delivery: str = "as-written", *, encoding_ok: bool = True) -> Iterator[Plan]:
    """The plan of a delivery, or one plan for each boundary of a sweep: those are named `at:N`.

    An answer of several is cut at the same place as the first.  Boundaries that a barrier makes anyway are left out.
    Raises what `compile_case` raises, and NotPlayable for a sweep of more than 16 KiB.
    """
    if delivery != "every-split":
        yield compile_case(case, delivery, encoding_ok=encoding_ok)
        return
    compiled = [_Compiled.of(answer, case, encoding_ok=encoding_ok) for answer in case.answers]
    for offset in sorted({offset for one in compiled for offset in one.boundaries()}):
        chosen = Delivery(name=f"at:{offset}", kind="at", numbers=(offset,))
        yield _plan(case, chosen, tuple(one.plan(chosen) for one in compiled))


def case_hash(case_id: str, delivery: str) -> str:
    """The short name of a case under a delivery: eight hexadecimal digits."""
    return sha256(f"{case_id}\n{delivery}".encode()).hexdigest()[:8]


def _single(name: str) -> Delivery:
    chosen = delivery_of(name)
    if chosen.kind == "every-split":
        raise ValueError("'every-split' is a sweep of many plays; ask for one of them, at:N")
    return chosen


def _plan(case: Case, delivery: Delivery, answers: tuple[AnswerPlan, ...]) -> Plan:
    return Plan(
        case=case.id,
        delivery=delivery.name,
        hash=case_hash(case.id, delivery.name),
        dialect=case.dialect,
        answers=answers,
        request=case.request,
    )


@attrs.frozen(kw_only=True)
class _Compiled:
    """An answer with its track, before a delivery cuts it."""

    answer: Answer
    dialect: Dialect
    encoding: EncodingName | None
    track: Callable[[], Iterable[Flat]]
    """The pieces and barriers, anew at each call."""
    size: int | None
    """Bytes of the body, None where only encoding them tells."""

    @classmethod
    def of(cls, answer: Answer, case: Case, *, encoding_ok: bool) -> _Compiled:
        encoding = answer.encoding if encoding_ok else None
        script = script_of(answer, case, encoded=encoding is not None)
        dialect, path = DIALECTS[case.dialect], case.scenario.path
        if encoding is None:
            return cls(
                answer=answer, dialect=dialect, encoding=None, track=_kept(script, script.play), size=script.size
            )
        make = compressor(encoding)

        def track() -> Iterator[Flat]:
            compressed = encoded(script.play(), make, flush=answer.flush == "each", whole=answer.end.kind == "clean")
            return _placed(compressed, path)

        return cls(answer=answer, dialect=dialect, encoding=encoding, track=_kept(script, track), size=None)

    @property
    def length(self) -> int:
        """The number of bytes of the body."""
        if self.size is not None:
            return self.size
        length = 0
        for number, item in enumerate(self.track()):
            length += len(item.data) if isinstance(item, Piece) else 0
            if number > LENGTH_LIMIT:
                raise NotPlayable(f"framing: length needs a length, and this body has more than {LENGTH_LIMIT} pieces")
        return length

    def plan(self, delivery: Delivery) -> AnswerPlan:
        answer, framing = self.answer, framing_of(self.answer)
        track, is_encoded, events = self.track, self.encoding is not None, self.dialect.framing

        def operations() -> Iterator[Operation]:
            return writes(track(), delivery, events=events, encoded=is_encoded)

        return AnswerPlan(
            delay_s=answer.delay_s,
            http=answer.http,
            status=answer.status,
            headers=_headers(answer, self.dialect, self.encoding),
            framing=framing,
            # HTTP/2 frames bodies by itself; a length is announced there only to be wrong.
            content_length=max(0, self.length + answer.length_off_by)
            if framing == "length" or answer.length_off_by
            else None,
            close=answer.http != "h2" and (answer.connection == "close" or framing == "close"),
            encoding=self.encoding,
            operations=operations,
            ending=answer.end,
        )

    def boundaries(self) -> Iterator[int]:
        """The offsets between two bytes of the body that no barrier parts already."""
        start = end = 0
        for item in (*self._bounded(), Cut()):
            if isinstance(item, Piece):
                end += len(item.data)
            else:
                yield from range(start + 1, end)
                start = end

    def _bounded(self) -> list[Flat]:
        """The track; raises NotPlayable where it is too long for a sweep."""
        found: list[Flat] = []
        length = 0
        for item in self.track():
            found.append(item)
            length += len(item.data) if isinstance(item, Piece) else 0
            if length > SWEEP_LIMIT or len(found) > KEPT_ITEMS:
                text = f"this body has more than {SWEEP_LIMIT} bytes or {KEPT_ITEMS} writes and barriers"
                raise NotPlayable(f"every-split plays once for each boundary, and {text}")
        return found


def _kept(script: Script, play: Callable[[], Iterable[Flat]]) -> Callable[[], Iterable[Flat]]:
    """The track that `play` makes of the script, made only once where it is short."""
    if not script.is_short:
        return play
    kept = tuple(play())
    return lambda: kept


def _placed(track: Iterable[Flat], path: str) -> Iterator[Flat]:
    """The compressed pieces cut and kept at their places."""
    for item in track:
        if not isinstance(item, Piece) or (not item.cut and item.keep is None):
            yield item
            continue
        try:
            yield from cut_up(item.data, item.step, item.cut, item.keep)
        except ValueError as error:
            raise ScenarioError([Problem(path, item.mark, str(error))]) from None


def _headers(answer: Answer, dialect: Dialect, encoding: str | None) -> tuple[tuple[str, str], ...]:
    usual = {
        "content-type": "application/json" if is_whole(answer) else _STREAM_TYPES[dialect.framing](dialect),
        "cache-control": "no-cache",
        **({"content-encoding": encoding} if encoding else {}),
    }
    named = {name.lower() for name in answer.headers}
    headers = [(name, value) for name, value in usual.items() if name not in named]
    return (*headers, *((name, value) for name, value in answer.headers.items() if value is not None))
