"""A generated stream: the scenario that says it, and what a conforming client makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs
import yaml

from streamproof_formats.message import Message, Usage
from streamproof_scenarios.generating.abilities import ABILITIES, Abilities
from streamproof_scenarios.generating.draw import Draw
from streamproof_scenarios.generating.requests import request
from streamproof_scenarios.generating.telling import escaped, told
from streamproof_scenarios.generating.turns import turn
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import Scenario

MOST_TOKENS: Final = 100_000


@attrs.frozen(kw_only=True)
class Generated:
    """One stream that keeps every rule of its dialect."""

    dialect: str
    document: Mapping[str, Any]
    """The scenario as a file has it."""
    message: Message
    """What was said, told by what was drawn: no machine has had a part in it.  A text that is empty is as none."""

    @property
    def yaml_text(self) -> str:
        """The scenario file."""
        return yaml_text(self.document)

    def scenario(self, id: str) -> Scenario:  # noqa: A002 - so is the key
        """The scenario under an id."""
        return loads(self.yaml_text, path=f"{id}.yaml", id=id)


def generate(dialect: str, draw: Draw) -> Generated:
    """Draws a stream of a dialect.  Raises KeyError for one that is not spoken."""
    abilities = ABILITIES[dialect]
    count = draw.integer(1, abilities.most_choices)
    turns = tuple(turn(draw, abilities, index) for index in range(count))
    usage = _usage(draw, abilities)
    asked = request(draw, dialect, turns, usage)
    steps = told(draw, dialect, turns, usage, asked)
    document = {
        "title": "A generated stream",
        "dialect": dialect,
        **({"request": asked} if asked else {}),
        "stream": {**_framing(draw, dialect), "steps": escaped(draw, steps, at_once=abilities.says_again)},
    }
    counts = None if usage is None else Usage(input=usage["input"], output=usage["output"], total=usage.get("total"))
    choices = tuple(one.choice for one in turns if abilities.begins or one.segments or one.finish or usage is not None)
    message = Message(choices=choices, usage=counts, ended="terminal")
    return Generated(dialect=dialect, document=document, message=message)


def _usage(draw: Draw, abilities: Abilities) -> dict[str, int] | None:
    if abilities.usage != "always" and draw.chance(50):
        return None
    given, made = draw.integer(1, MOST_TOKENS), draw.integer(1, MOST_TOKENS)
    return {"input": given, "output": made, **({"total": given + made} if abilities.has_total else {})}


def _framing(draw: Draw, dialect: str) -> dict[str, Any]:
    framing: dict[str, Any] = {"framing": "close"} if draw.chance(5) else {}
    if ABILITIES[dialect].comments and draw.chance(5):
        framing["before"] = draw.choice((["x-field: 1"], [": a comment", "x-field"]))
    # "JSON lines end in LF or CRLF": rule ND-03.  For server-sent events anything but LF is warned of (SSE-06).
    if dialect == "ollama-chat" and draw.chance(15):
        framing["eol"] = "crlf"
    return framing


class _Quoted(yaml.SafeDumper):
    """Writes every text in double quotes: no reader takes it for anything else, nor folds it."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        """The language has no aliases."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


_Quoted.add_representer(str, _text)


def yaml_text(document: Mapping[str, Any]) -> str:
    """A document as YAML that the loader reads back to the same values."""
    return yaml.dump(dict(document), Dumper=_Quoted, allow_unicode=True, sort_keys=False, width=1 << 30)
