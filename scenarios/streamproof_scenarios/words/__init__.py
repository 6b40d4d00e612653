"""The words of each dialect that scenarios can be written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from streamproof_scenarios.words.openai_chat import OpenaiChat
from streamproof_scenarios.words.speaker import Speaker
from streamproof_scenarios.words.workers_ai import WorkersAi

WORDS: Final[dict[str, Callable[[Mapping[str, Any]], Speaker]]] = {
    "openai-chat": OpenaiChat,
    "workers-ai": WorkersAi,
}
"""For each dialect what makes its speaker of a request body."""

_MESSAGES: Final = [{"role": "user", "content": "Hello"}]
_REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "openai-chat": {"model": "m", "messages": _MESSAGES, "stream": True},
    "workers-ai": {"messages": _MESSAGES, "stream": True},
}


def default_request(dialect: str) -> dict[str, Any]:
    """The dialect's default request body; empty for one that is not spoken yet."""
    return dict(_REQUESTS.get(dialect, {}))
