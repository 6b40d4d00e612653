"""Which plan a request asks for: by nonce, path, header or model; or none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

import attrs

from streamproof_mock.replies import complaint
from streamproof_mock.request import Request
from streamproof_mock.routes import dialects_of
from streamproof_mock.session import Session
from streamproof_scenarios.plan import AnswerPlan, Plan

HEADER: Final = "x-streamproof-scenario"
MODEL_PREFIX: Final = "streamproof:"


class PlanBook(Protocol):
    """The scenarios that a server can play, supplied by the harness from the catalogue."""

    def find(self, text: str, dialects: Sequence[str], delivery: str | None = None) -> tuple[Plan, int] | None:
        """The plan of the longest known id, or of a case's hash, that `text` begins with, and how long that is.

        An id ends at the end of `text` or before a `/`.  `dialects` are those that the request's path may speak, the
        likeliest first: they choose among the cases of a scenario that names several.  Without any, all will do.
        `delivery` takes the place of the server's own; ValueError, in words, for one that is no single delivery.
        """

    def ids(self) -> Iterable[str]:
        """All ids, for the list and for suggestions."""


class EmptyBook:
    """No scenarios."""

    def find(
        self,
        text: str,  # noqa: ARG002
        dialects: Sequence[str],  # noqa: ARG002
        delivery: str | None = None,  # noqa: ARG002
    ) -> tuple[Plan, int] | None:
        """None, always."""
        return None

    def ids(self) -> Iterable[str]:
        """Nothing."""
        return ()


@attrs.frozen(kw_only=True)
class Chosen:
    """What a request asked for: at most one of `session`, `plan` and `problem`; with none the server behaves."""

    path: str
    """What remains of the path for the API call."""
    session: Session | None = None
    plan: Plan | None = None
    problem: AnswerPlan | None = None


def choose(request: Request, body: Any, sessions: dict[str, Session], book: PlanBook) -> Chosen:
    """The session or plan for a request.  `body` is its JSON, or anything else where it has none."""
    if request.path.startswith("/r/"):
        nonce, slash, rest = request.path.removeprefix("/r/").partition("/")
        session = sessions.get(nonce)
        if session is None:
            message = f"no run has the nonce {nonce!r}: it was closed, or the address was mistyped"
            return Chosen(path=slash + rest, problem=complaint(404, message))
        return Chosen(path=slash + rest, session=session)

    if request.path.startswith("/s/"):
        wanted = request.path.removeprefix("/s/")
        found = book.find(wanted, dialects_of(request.path, body))
        if found is None:
            return Chosen(path=request.path, problem=_unknown(wanted, "path", book))
        return Chosen(path=wanted[found[1] :], plan=found[0])

    for wanted, place in _named(request, body):
        found = book.find(wanted, dialects_of(request.path, body))
        if found is None or found[1] != len(wanted):
            return Chosen(path=request.path, problem=_unknown(wanted, place, book))
        return Chosen(path=request.path, plan=found[0])
    return Chosen(path=request.path)


def _named(request: Request, body: Any) -> Iterable[tuple[str, str]]:
    header = request.header(HEADER)
    if header is not None:
        yield header.strip(), f"header {HEADER}"
    model = body.get("model") if isinstance(body, dict) else None
    if isinstance(model, str) and model.startswith(MODEL_PREFIX):
        yield model.removeprefix(MODEL_PREFIX), "model"


def _unknown(wanted: str, place: str, book: PlanBook) -> AnswerPlan:
    ids = tuple(book.ids())
    # A path goes on after the id: what is near is sought for each beginning of it.
    parts = wanted.split("/")
    beginnings = ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
    near: list[str] = []
    for beginning in beginnings:
        near.extend(name for name in difflib.get_close_matches(beginning, ids, n=3, cutoff=0.7) if name not in near)
    hint = f"; did you mean {', '.join(near[:3])}?" if near else f"; this server knows {len(ids)} scenarios"
    return complaint(404, f"no scenario is called {wanted!r} (looked up from the {place}){hint}")
