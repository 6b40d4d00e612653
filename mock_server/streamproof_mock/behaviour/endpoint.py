"""From a request to the answer of the well-behaved endpoint: key, method, body, dialect."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from streamproof_mock.behaviour import openai_chat, workers_ai
from streamproof_mock.behaviour.errors import Refusal, refused
from streamproof_mock.replies import json_reply
from streamproof_mock.request import Request
from streamproof_mock.routes import MODELS
from streamproof_scenarios.plan import AnswerPlan

_MODEL: Final = "streamproof-mock"
_BORN: Final = 1764000000
"""When the one model was made: a time like any other, the same in each answer."""
_BEARER: Final = re.compile(r"(?i)bearer\s+(\S+)\s*")

_ANSWERS: Final[dict[str, Callable[[Any, str], AnswerPlan]]] = {
    "openai-chat": lambda body, _: openai_chat.answer(body),
    "workers-ai": lambda body, path: workers_ai.answer(body, always_streams=path.endswith("/api/chat")),
}
"""By dialect: from the JSON body and the path.  May raise Refusal."""


class Endpoint:
    """Answers as a conforming endpoint of each dialect that it speaks."""

    def __init__(self, *, api_key: str | None, scenarios: Callable[[], Iterable[str]]) -> None:
        self._api_key = api_key
        self._scenarios = scenarios

    def answer(self, request: Request, path: str, dialect: str | None) -> AnswerPlan:
        """The answer to a call of `path`, which is the request's without what chose a session."""
        try:
            return self._answer(request, path, dialect)
        except Refusal as refusal:
            return refused(refusal, dialect)

    def _answer(self, request: Request, path: str, dialect: str | None) -> AnswerPlan:
        if dialect is None:
            if MODELS.search(path):
                return self._models(request, path)
            raise Refusal(404, f"Unknown request URL: {request.method} {path}.", code="unknown_url")
        if request.method != "POST":
            message = f"Method {request.method} is not allowed here: use POST."
            raise Refusal(405, message, code="method_not_allowed", headers=(("allow", "POST"),))
        self._check_key(request)
        answer = _ANSWERS.get(dialect)
        if answer is None:
            message = f"This server plays scenarios of {dialect}, and does not answer by itself yet: choose a scenario."
            raise Refusal(501, message)
        try:
            body = request.json()
        except (ValueError, RecursionError) as error:
            message = "We could not parse the JSON body of your request: expected JSON in UTF-8, found something else."
            raise Refusal(400, message) from error
        return answer(body, path)

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

    def _check_key(self, request: Request) -> None:
        if self._api_key is None:
            return
        bearer = _BEARER.fullmatch(request.header("authorization") or "")
        given = bearer[1] if bearer else request.header("api-key")
        headers = (("www-authenticate", "Bearer"),)
        if given is None:
            message = "You did not provide an API key: send it as 'Authorization: Bearer YOUR_KEY'."
            raise Refusal(401, message, headers=headers)
        if not hmac.compare_digest(given.encode(), self._api_key.encode()):
            # The key itself is not repeated: answers end up in logs.
            raise Refusal(401, "Incorrect API key provided.", code="invalid_api_key", headers=headers)


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _BORN, "owned_by": "streamproof"}
