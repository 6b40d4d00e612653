"""The neighbours of a stream: what it becomes by one change to one place of it, to its head, its end or its request.

A stream shows that a rule is kept where it might have been broken if one of its neighbours breaks the rule.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import attrs

from streamproof_formats.response import ResponseHead

Options = dict[str, Any]
Neighbour = tuple[bytes, Options]

EVENTS = ResponseHead(status=200, headers=(("content-type", "text/event-stream"), ("cache-control", "no-cache")))
WRAPPINGS = (b": c\n%b", b"id: 1\n%b", b"event: x\n%b", b"retry: 5\n%b", b"\xef\xbb\xbf%b", b"event: x\n\n%b", b"\n%b")
VALUES: tuple[Any, ...] = (None, "x", "", 5, -1, [], {}, True, [{}])


def blocks_of(stream: bytes) -> list[bytes]:
    """The events, each with what closes it; the lines, where each is JSON."""
    ends = re.compile(b"(?<=\n)" if stream.lstrip(b"\xef\xbb\xbf").startswith(b"{") else b"(?<=\n\n)")
    return [block for block in ends.split(stream) if block]


def neighbours(stream: bytes, options: Options, donors: Sequence[Neighbour] = ()) -> Iterator[Neighbour]:
    """All of them; `donors` are streams of which one event, the head, the end or the request is taken over."""
    blocks = blocks_of(stream)
    for other_options in _of_options(options, donors):
        yield stream, other_options
    yield stream.replace(b"\n", b"\r\n"), options
    yield stream.removesuffix(b"\n"), options
    for changed in (*_of_order(blocks), *_grafted(blocks, donors)):
        yield b"".join(changed), options
    for place, block in enumerate(blocks):
        for other in _of_block(block):
            yield b"".join((*blocks[:place], other, *blocks[place + 1 :])), options


def _grafted(blocks: list[bytes], donors: Sequence[Neighbour]) -> Iterator[list[bytes]]:
    for donated in dict.fromkeys(block for donor, _ in donors for block in blocks_of(donor)):
        for place in range(len(blocks) + 1):
            yield [*blocks[:place], donated, *blocks[place + 1 :]]
            yield [*blocks[:place], donated, *blocks[place:]]


def _of_order(blocks: list[bytes]) -> Iterator[list[bytes]]:
    for place in range(len(blocks)):
        yield blocks[:place] + blocks[place + 1 :]
        yield [*blocks[: place + 1], blocks[place], *blocks[place + 1 :]]
        yield blocks[:place]
        yield [*blocks, blocks[place]]
    for place, (one, other) in enumerate(pairwise(blocks)):
        yield [*blocks[:place], other, one, *blocks[place + 2 :]]


def _of_block(block: bytes) -> Iterator[bytes]:
    for wrapping in WRAPPINGS:
        yield wrapping % block
    yield block.replace(b"data: ", b"data:")
    yield block.replace(b'"', b'"\xff', 1)
    yield block[:-1]
    head, brace, rest = block.partition(b"{")
    try:
        value, end = json.JSONDecoder().raw_decode((brace + rest).decode())
    except ValueError:
        return
    tail = (brace + rest).decode()[end:].encode()
    yield head + b"no JSON" + tail
    for other in _of_json(value):
        yield head + json.dumps(other, separators=(",", ":")).encode() + tail
    yield head + json.dumps(value).encode() + tail
    if head:
        yield head + json.dumps(value, indent=1).encode().replace(b"\n", b"\ndata: ") + tail
    yield re.sub(rb"(: ?\")(?=\w)", "\\1\u2028".encode(), block, count=1)
    for string in re.findall(rb'": ?"(\w+)"', block):
        yield block.replace(b'"' + string + b'"', '"\u2028"'.encode())


def _of_json(value: Any) -> Iterator[Any]:
    """The value with one thing in it changed, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {name: kept for name, kept in value.items() if name != key}
            for other in (*VALUES, *_of_scalar(inner), *_of_json(inner)):
                yield {**value, key: other}
        for key in ("error", "usage", "id", "index", "x"):
            if key not in value:
                yield {**value, key: 5}
        yield dict(reversed(value.items()))
    elif isinstance(value, list):
        yield from (value[:place] + value[place + 1 :] for place in range(len(value)))
        yield from ([*value, inner] for inner in value)
        for place, inner in enumerate(value):
            for other in (*VALUES, *_of_scalar(inner), *_of_json(inner)):
                yield [*value[:place], other, *value[place + 1 :]]


def _of_scalar(value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool) or value is None:
        return (not value,)
    if isinstance(value, int):
        return (value + 1, value - 1, value + 1000, str(value))
    return (value + "x", value[:-1], json.loads(value) if value == "{}" else [value]) if isinstance(value, str) else ()


def _of_options(options: Options, donors: Sequence[Neighbour]) -> Iterator[Options]:
    head = options.get("head", EVENTS)
    for status in (201, 400):
        yield {**options, "head": attrs.evolve(head, status=status)}
    others = tuple((name, "text/html" if name == "content-type" else value) for name, value in head.headers)
    yield {**options, "head": attrs.evolve(head, headers=others)}
    yield {key: value for key, value in options.items() if key != "request"}
    for end in ("clean", "fin", "reset"):
        yield {**options, "end": end}
    for _, given in donors:
        for key in ("head", "request", "end", "framing"):
            if key in given:
                yield {**options, key: given[key]}
