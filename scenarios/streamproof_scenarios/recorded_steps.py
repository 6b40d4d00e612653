"""Steps for a body that was recorded: byte for byte the same, in words where words write just these bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import attrs

from streamproof_formats.dialects import DIALECTS
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.file_text import file_text
from streamproof_scenarios.loader import loads
from streamproof_scenarios.problem import NotPlayable, ScenarioError
from streamproof_scenarios.writers import json_text

Json = Any
Step = str | dict[str, Json]

_EOL: Final = {"lf": b"\n", "crlf": b"\r\n", "cr": b"\r"}
_SPACE: Final = re.compile(rb"(?:^|[\r\n])data: ")
_MARK: Final = "\x01"


@attrs.frozen(kw_only=True)
class Recording:
    """What the keys of an answer and its steps have to be for the body to be the same."""

    keys: Mapping[str, Json]
    steps: list[Step]


def recorded_steps(body: bytes, dialect: str) -> Recording:
    """The steps that write this body in this dialect; what is no event of its framing is written raw, or in hex."""
    keys = {} if DIALECTS[dialect].framing == "ndjson" else _keys(body)
    if DIALECTS[dialect].framing == "ndjson" and body.count(b"\n") == body.count(b"\r\n") > 0:
        keys = {"eol": "crlf"}
    teller = _Teller(dialect=dialect, keys=keys)
    blocks = list(teller.blocks(body))
    for has_words in (True, False):
        steps = [step for block in blocks for step in teller.steps(block, has_words=has_words)]
        if teller.written(steps) == body:
            return Recording(keys=keys, steps=steps)
    return Recording(keys=keys, steps=[_raw(body)] if body else [])


def _keys(body: bytes) -> dict[str, Json]:
    crlf, lf, cr = body.count(b"\r\n"), body.count(b"\n"), body.count(b"\r")
    eol = "crlf" if crlf and crlf == lf == cr else "cr" if cr and not lf else "lf"
    keys = {} if eol == "lf" else {"eol": eol}
    return keys if _SPACE.search(body) or b"data:" not in body else {**keys, "space": False}


def _raw(data: bytes) -> Step:
    try:
        return {"raw": data.decode()}
    except UnicodeDecodeError:
        return {"hex": data.hex()}


@attrs.frozen(kw_only=True)
class _Teller:
    dialect: str
    keys: Mapping[str, Json]
    _templates: dict[str, tuple[bytes, bytes] | None] = attrs.field(factory=dict)

    @property
    def eol(self) -> bytes:
        return _EOL[self.keys.get("eol", "lf")]

    def blocks(self, body: bytes) -> Iterator[bytes]:
        """The body, cut behind each event."""
        is_lines = DIALECTS[self.dialect].framing == "ndjson"
        end = self.eol if is_lines else self.eol * 2
        start = 0
        while start < len(body):
            found = body.find(end, start)
            stop = len(body) if found < 0 else found + len(end)
            yield body[start:stop]
            start = stop

    def steps(self, block: bytes, *, has_words: bool) -> Iterator[Step]:
        """The step of one block: the first that writes it."""
        for step in self._candidates(block, has_words=has_words):
            if self.written([step]) == block:
                yield step
                return
        yield _raw(block)

    def written(self, steps: list[Step]) -> bytes | None:
        """The bytes of these steps; None where they cannot be written."""
        document = {"title": "t", "dialect": self.dialect, "stream": {**self.keys, "steps": steps}}
        try:
            (case,) = cases(loads(file_text(document), path="recorded.yaml", id="recorded"))
            return compile_case(case).answer(0).body()
        except (ScenarioError, NotPlayable):
            return None

    def _candidates(self, block: bytes, *, has_words: bool) -> Iterator[Step]:
        try:
            text = block.decode()
        except UnicodeDecodeError:
            return
        space = "" if self.keys.get("space") is False else " "
        lines = text.removesuffix(self.eol.decode()).removesuffix(self.eol.decode()).split(self.eol.decode())
        if DIALECTS[self.dialect].framing == "ndjson":
            yield from self._of_payload(lines[0], block, {}, has_words=has_words)
        elif all(line.startswith(f":{space}") for line in lines):
            yield {"comment": "\n".join(line[1 + len(space) :] for line in lines)}
        elif len(lines) == 1 and lines[0].startswith(f"data:{space}"):
            payload = lines[0][5 + len(space) :]
            yield from self._of_payload(payload, block, {"name": None}, has_words=has_words)
        elif len(lines) == 2 and lines[0].startswith(f"event:{space}") and lines[1].startswith(f"data:{space}"):
            name = lines[0][6 + len(space) :]
            yield from self._of_payload(lines[1][5 + len(space) :], block, {"name": name}, has_words=has_words)

    def _of_payload(self, payload: str, block: bytes, name: dict[str, Json], *, has_words: bool) -> Iterator[Step]:
        names = ({}, name) if name else ({},)
        if has_words and payload == "[DONE]":
            yield "done"
        if has_words:
            yield from self._words(block)
        try:
            value = json.loads(payload)
        except (ValueError, RecursionError):
            value = None
        else:
            for escapes in ({}, {"ascii": True}):
                if json_text(value, ascii=bool(escapes)) == payload:
                    for named in names:
                        yield {"event": value, **named, **escapes}
        for named in names:
            yield {"data": payload, **named}

    def _words(self, block: bytes) -> Iterator[Step]:
        for word in ("text", "reasoning", "refusal"):
            if word not in self._templates:
                written = self.written([{word: _MARK}]) or b""
                lead, mark, tail = written.partition(b"\\u0001")
                self._templates[word] = (lead, tail) if mark else None
            template = self._templates[word]
            if template is not None and block.startswith(template[0]) and block.endswith(template[1]):
                middle = block[len(template[0]) : len(block) - len(template[1])]
                try:
                    yield {word: json.loads(b'"' + middle + b'"')}
                except ValueError:
                    continue
