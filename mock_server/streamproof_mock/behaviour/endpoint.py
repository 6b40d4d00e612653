"""From a request to the answer of the well-behaved endpoint: key, method, body, dialect."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from streamproof_formats.dialect import Auth
from streamproof_formats.dialects import DIALECTS
from streamproof_mock.behaviour.answers import ANSWERS
from streamproof_mock.behaviour.call import Call
from streamproof_mock.behaviour.errors import Refusal, refused
from streamproof_mock.behaviour.temper import Playable, Temper, always
from streamproof_mock.replies import json_reply
from streamproof_mock.request import Request
from streamproof_mock.routes import MODELS, Route
from streamproof_scenarios.plan import AnswerPlan

_MODEL: Final = "streamproof-mock"
_BORN: Final = 1764000000
"""When the one model was made: a time like any other, the same in each answer."""
_BEARER: Final = re.compile(r"(?i)bearer\s+(\S+)\s*")


class Endpoint:
    """Answers as a conforming endpoint of each dialect that it speaks."""

    def __init__(
        self, *, api_key: str | None, scenarios: Callable[[], Iterable[str]], temper: Temper | None = None
    ) -> None:
        self._api_key = api_key
        self._scenarios = scenarios
        self._temper = temper
        self._calls = 0

    def played(
        self, request: Request, path: str, route: Route | None, playable: Playable = always
    ) -> tuple[AnswerPlan, str | None]:
        """The answer as it is to be played, its temper heeded, and what was done to it by lot."""
        answer = self.answer(request, path, route)
        if self._temper is None or route is None:
            return answer, None
        self._calls += 1
        return self._temper.applied(answer, route.dialect, self._calls - 1, playable=playable)

    def answer(self, request: Request, path: str, route: Route | None) -> AnswerPlan:
        """The answer to a call of `path`, which is the request's without what chose a session."""
        try:
            return self._answer(request, path, route)
        except Refusal as refusal:
            return refused(refusal, None if route is None else route.dialect)

    def _answer(self, request: Request, path: str, route: Route | None) -> AnswerPlan:
        if route is None:
            if MODELS.search(path):
                return self._models(request, path)
            raise Refusal(404, f"Unknown request URL: {request.method} {path}.", code="unknown_url")
        if request.method != "POST":
            message = f"Method {request.method} is not allowed here: use POST."
            raise Refusal(405, message, code="method_not_allowed", headers=(("allow", "POST"),))
        self._check_key(request, route.dialect)
        answer = ANSWERS.get(route.dialect)
        if answer is None:
            message = (
                f"This server plays scenarios of {route.dialect}, and does not answer by itself yet: choose a scenario."
            )
            raise Refusal(501, message)
        try:
            body = request.json()
        except (ValueError, RecursionError) as error:
            message = "We could not parse the JSON body of your request: expected JSON in UTF-8, found something else."
            raise Refusal(400, message) from error
        query = dict(parse_qsl(urlsplit(request.target).query, keep_blank_values=True))
        return answer(Call(body=body, path=path, route=route, query=query))

    def _models(self, request: Request, path: str) -> AnswerPlan:
        if request.method not in ("GET", "HEAD"):
            message = f"Method {request.method} is not allowed here: use GET."
            raise Refusal(405, message, code="method_not_allowed", headers=(("allow", "GET, HEAD"),))
        self._check_key(request)
        known = {name: _model(name) for name in (_MODEL, *(f"streamproof:{name}" for name in self._scenarios()))}
        wanted = path.rpartition("/v1/models")[2].strip("/")
        if not wanted:
            return json_reply(200, {"object": "list", "data": list(known.values())})
        if wanted not in known:
            raise Refusal(404, f"The model {wanted!r} does not exist.", "model", "model_not_found")
        return json_reply(200, known[wanted])

    def _check_key(self, request: Request, dialect: str | None = None) -> None:
        if self._api_key is None:
            return
        spoken = None if dialect is None else DIALECTS.get(dialect)
        auth = Auth() if spoken is None else spoken.auth
        given = _given_key(request, auth)
        headers = (("www-authenticate", "Bearer"),)
        if given is None:
            message = f"You did not provide an API key: send it as '{auth.header.title()}: {auth.scheme}YOUR_KEY'."
            raise Refusal(401, message, headers=headers)
        if not hmac.compare_digest(given.encode(), self._api_key.encode()):
            # The key itself is not repeated: answers end up in logs.
            raise Refusal(401, "Incorrect API key provided.", code="invalid_api_key", headers=headers)


def _given_key(request: Request, auth: Auth) -> str | None:
    """The key of a request: as the dialect has it, as a bearer's, or as Azure's."""
    bearer = _BEARER.fullmatch(request.header("authorization") or "")
    if bearer:
        return bearer[1]
    if auth.query is not None and (given := parse_qs(urlsplit(request.target).query).get(auth.query)):
        return given[0]
    return (request.header(auth.header) if not auth.scheme else None) or request.header("api-key")


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _BORN, "owned_by": "streamproof"}
