"""Pieces of text with the log probabilities that a request asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from streamproof_scenarios.generating import texts
from streamproof_scenarios.generating.draw import Draw

Json = dict[str, Any]


@attrs.frozen(kw_only=True)
class Piece:
    """A piece of text and where it stands."""

    index: int
    """Of its choice."""
    word: str
    text: str
    offset: int
    """Characters of the choice before it."""


Logged = Callable[[Draw, int, Piece], Json]
"""Of draws, how many of the likeliest tokens were asked for, and a piece: the step that tells it."""


def are_asked(request: Mapping[str, Any]) -> bool:
    """Whether a request asks for them."""
    return request.get("logprobs") not in (None, False)


def _number(draw: Draw) -> float:
    return -draw.integer(0, 6400) / 64


def _token(draw: Draw, token: str) -> Json:
    values = list(token.encode()) if draw.chance(70) else None
    return {"token": token, "logprob": _number(draw), "bytes": values}


def _chat(draw: Draw, most: int, piece: Piece) -> Json:
    tokens = [
        {**_token(draw, token), "top_logprobs": [_token(draw, draw.text(2)) for _ in range(draw.integer(0, most))]}
        for token in texts.pieces(draw, piece.text, 3)
        if token
    ]
    key = "content" if piece.word == "text" else "refusal"
    logprobs = {"content": None, "refusal": None, key: tokens}
    entry = {"index": piece.index, "delta": {key: piece.text}, "logprobs": logprobs, "finish_reason": None}
    return {"chunk": {"choices": [entry]}}


def _completion(draw: Draw, most: int, piece: Piece) -> Json:
    tokens = [token for token in texts.pieces(draw, piece.text, 3) if token]
    starts = [piece.offset + len("".join(tokens[:number])) for number in range(len(tokens))]
    likeliest = [{draw.text(2): _number(draw) for _ in range(draw.integer(0, most + 1))} for _ in tokens]
    logprobs = {
        "tokens": tokens,
        "token_logprobs": [_number(draw) for _ in tokens],
        "top_logprobs": likeliest,
        "text_offset": starts,
    }
    entry = {"text": piece.text, "index": piece.index, "logprobs": logprobs, "finish_reason": None}
    return {"chunk": {"choices": [entry]}}


LOGGED: Final[Mapping[str, Logged]] = {"openai-chat": _chat, "openai-completions": _completion}
"""By dialect, how a piece is told with them."""
