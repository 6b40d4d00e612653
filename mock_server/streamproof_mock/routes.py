"""Which dialect a path speaks: a table of path endings, a line each (DESIGN, section 5)."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Any, Final

import attrs


@attrs.frozen(kw_only=True, slots=False)
class Route:
    """One path, or what it ends in: what remains after `/r/<nonce>` or `/s/<id>`."""

    path: str
    """`{name}` stands for one segment or a part of one, `{name*}` for one or more segments."""
    dialect: str
    about: str
    streams: bool | None = None
    """Set where the path itself says whether the answer is a stream."""
    models: tuple[str, ...] = ()
    """What the names of models begin with that make this route the likeliest of its path."""
    names_model: bool = False
    """True where the path is this dialect's only if the body names a model."""

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Found in every path that this route takes."""
        parts = re.split(r"\{\w+(\*?)\}", self.path.removeprefix("/"))
        made = [re.escape(part) if number % 2 == 0 else _VARIABLE[part] for number, part in enumerate(parts)]
        return re.compile(f"(?:^|/){''.join(made)}$")


_VARIABLE: Final = {"": r"[^/]+?", "*": r".+"}

ROUTES: Final[tuple[Route, ...]] = (
    Route(path="/v1/chat/completions", dialect="openai-chat", about="Chat completions (also under /api)"),
    Route(
        path="/openai/deployments/{deployment}/chat/completions",
        dialect="openai-chat",
        about="Chat completions, as Azure has them",
    ),
    Route(
        path="/v1/chat/completions",
        dialect="mistral",
        about="Mistral, where the body names a model of theirs, or a scenario of it is chosen",
        models=("mistral-", "ministral-", "magistral-", "codestral-", "devstral-", "pixtral-", "voxtral-", "open-mi"),
    ),
    Route(path="/v1/completions", dialect="openai-completions", about="Completions"),
    Route(path="/v1/responses", dialect="openai-responses", about="Responses"),
    Route(path="/v1/messages", dialect="anthropic-messages", about="Messages"),
    Route(
        path="/{version}/models/{model}:streamGenerateContent",
        dialect="gemini",
        about="Gemini, streamed: events with ?alt=sse, else a JSON array",
        streams=True,
    ),
    Route(path="/{version}/models/{model}:generateContent", dialect="gemini", about="Gemini, whole", streams=False),
    Route(path="/ai/run/{model*}", dialect="workers-ai", about="Workers AI"),
    Route(path="/v2/chat", dialect="cohere-v2", about="Chat, version 2"),
    # Two documents share this path: Ollama's body names a model, the Workers AI look-alike's does not.
    Route(path="/api/chat", dialect="ollama-chat", about="Ollama, where the body names a model", names_model=True),
    Route(path="/api/chat", dialect="workers-ai", about="Workers AI, always streaming", streams=True),
)
"""In the order in which they are tried."""

MODELS: Final = re.compile(r"(?:^|/)v1/models(?:/.+)?$")


def routes_of(path: str, body: Any) -> tuple[Route, ...]:
    """The routes that a call of `path` with the JSON `body` may mean, the likeliest first; none for no call."""
    names_model = isinstance(body, dict) and "model" in body
    return _ranked(path, str(body["model"]) if names_model else None)


@lru_cache(maxsize=256)
def _ranked(path: str, model: str | None) -> tuple[Route, ...]:
    def rank(route: Route) -> tuple[bool, bool]:
        return (route.names_model and model is None, not (route.models and (model or "").startswith(route.models)))

    return tuple(sorted((route for route in ROUTES if route.pattern.search(path)), key=rank))


def route_of(path: str, body: Any, prefer: str | None = None) -> Route | None:
    """The likeliest of `routes_of`, or the one of the dialect `prefer` where it is among them; None for no call."""
    found = routes_of(path, body)
    return next((route for route in found if route.dialect == prefer), found[0] if found else None)


def dialect_of(path: str, body: Any, prefer: str | None = None) -> str | None:
    """The dialect of `route_of`."""
    route = route_of(path, body, prefer)
    return None if route is None else route.dialect


def dialects_of(path: str, body: Any) -> tuple[str, ...]:
    """The dialects of `routes_of`."""
    return tuple(route.dialect for route in routes_of(path, body))
