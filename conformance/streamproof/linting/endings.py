"""The truth table of endings: which signs of an end came, how the body ended, where; and what a client must report.

`python -m streamproof.linting.endings` writes one scenario for each row below `catalogue/endings/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

import attrs

from streamproof.linting.streams import findings_of
from streamproof_scenarios.cases import cases
from streamproof_scenarios.loader import loads

Place = Literal["no-text", "text", "call"]
Signs = Literal["nothing", "reason", "mark", "both"]
End = Literal["clean", "broken", "stalls", "error"]

PLACES: Final[Mapping[Place, str]] = {
    "no-text": "No text",
    "text": "Some text",
    "call": "Half a tool call",
}
SIGNS: Final[Mapping[Signs, str]] = {
    "nothing": "neither finish reason nor terminator",
    "reason": "a finish reason and no terminator",
    "mark": "a terminator and no finish reason",
    "both": "finish reason and terminator",
}
ENDS: Final[Mapping[End, str]] = {
    "clean": "the body ends in good order",
    "broken": "the connection breaks",
    "stalls": "nothing more comes",
    "error": "an error event",
}

TWO_SIGNS: Final = ("openai-chat", "openai-completions", "mistral", "anthropic-messages")
"""Dialects that tell a finish reason and the end of the stream in two events."""
ONE_SIGN: Final = ("workers-ai", "openai-responses", "cohere-v2", "gemini", "ollama-chat")
CALLING: Final = ("openai-chat", "anthropic-messages")
"""Dialects of which the pieces of a call may be cut, and that have both signs."""
ERRING: Final = (
    "openai-chat",
    "openai-completions",
    "anthropic-messages",
    "openai-responses",
    "gemini",
    "ollama-chat",
)
"""Dialects whose documents give an error in mid-stream its shape."""
WAITING: Final = ("openai-chat", "anthropic-messages", "openai-responses")
"""Dialects in which a row that waits for a limit is played."""

ABOUT: Final[Mapping[tuple[Signs, End], str]] = {
    ("nothing", "clean"): "HTTP saw nothing wrong and the answer is not finished. "
    "A client that calls it whole hides the loss from everybody.",
    ("nothing", "broken"): "The connection is gone and the answer is not finished. "
    "What came may be shown, but not as a whole answer.",
    ("nothing", "stalls"): "The answer is not finished and nothing more comes. "
    "Only a limit of the client's own ends the wait, and it must say so.",
    (
        "nothing",
        "error",
    ): "The server gave up and said why. That must reach the caller as an error, whatever came before.",
    ("reason", "clean"): "The answer says why it is over, the stream does not say that it is. "
    "Both views are held, but what came may not be lost.",
    ("reason", "broken"): "All of the answer has come, then the connection broke. "
    "An error is as right as a whole answer; what came may not be lost.",
    ("reason", "stalls"): "The answer is over and the stream is not. "
    "Leaving at the reason and waiting up to the limit are both seen; waiting for ever is not.",
    ("reason", "error"): "The answer is over and an error follows. "
    "Reporting it and stopping before it are both seen; what came may not be lost.",
    ("mark", "clean"): "The stream is over and does not say why. A client may take that or refuse it, but it may not "
    "make up a reason.",
    ("mark", "broken"): "The stream was over before the connection broke, and said no reason. "
    "None may be made up for it, and what came may not be lost.",
    ("mark", "stalls"): "The stream is over, says no reason, and its connection stays open. "
    "No reason may be made up, and nobody waits for ever.",
    ("mark", "error"): "An error, and then the terminator all the same. It does not undo the error.",
    ("both", "clean"): "Everything that is due has come. A client that finds fault with it can be used with no server.",
    ("both", "broken"): "Everything that is due has come before the connection broke. "
    "Clients that stop at the terminator never see it; others may say so.",
    ("both", "stalls"): "Everything that is due has come and the connection stays open. "
    "A client that waits for its end must have a limit.",
    ("both", "error"): "An error between the finish reason and the terminator. "
    "Reporting it and stopping before it are both seen; what came may not be lost.",
}


@attrs.frozen(kw_only=True)
class Ending:
    """One row of the table."""

    place: Place
    signs: Signs
    end: End

    @property
    def id(self) -> str:
        """The path of its scenario."""
        return f"endings/{self.place}-{self.signs}-{self.end}"

    @property
    def title(self) -> str:
        """Place, signs and end in words."""
        return f"{PLACES[self.place]}, {SIGNS[self.signs]}: {ENDS[self.end]}"

    @property
    def about(self) -> str:
        """What may be made of it, and what not."""
        if self.place == "call" and self.end != "error":
            first = ABOUT[self.signs, self.end].split(". ")[0].rstrip(".")
            return f"{first}. A call that was cut short may never be made."
        return ABOUT[self.signs, self.end]

    @property
    def dialects(self) -> tuple[str, ...]:
        """The dialects in which it can be told from the other rows."""
        found: Sequence[str] = TWO_SIGNS if self.signs in {"reason", "mark"} else (*TWO_SIGNS, *ONE_SIGN)
        if self.end == "error":
            found = [name for name in found if name in ERRING and (self.signs != "both" or name in TWO_SIGNS)]
        if self.place == "call":
            found = CALLING
        if self.end == "stalls":
            found = [name for name in found if name in WAITING]
        return tuple(found)

    @property
    def force(self) -> str:
        """`open` where the documents leave two ways."""
        if self.signs == "nothing" or (self.end, self.signs) == ("error", "mark"):
            return "documented"
        if self.end == "clean" and self.signs == "both" and self.place != "call":
            return "documented"
        return "open"

    @property
    def reason(self) -> str:
        """The finish reason; a call that is cut by the limit is the one whose reason may come."""
        return "length" if self.place == "call" else "stop"


ROWS: Final = tuple(Ending(place=place, signs=signs, end=end) for place in PLACES for signs in SIGNS for end in ENDS)
ERROR: Final = "error: {message: The server gave up, type: server_error}"


def steps(row: Ending) -> Iterator[str]:
    """The steps of the stream."""
    yield "role: assistant"
    match row.place:
        case "text":
            yield 'text: "The answer "'
            yield "text: is"
        case "call":
            yield "tool: {index: 0, id: call_1, name: delete_files}"
            yield """tool: {index: 0, arguments: '{"path":"/tmp'}"""
    if row.signs in {"reason", "both"}:
        yield f"finish: {row.reason}"
    if row.end == "error":
        yield ERROR
    if row.signs in {"mark", "both"}:
        yield "done"
    if row.end == "broken":
        # A reset takes with it what the client has not read yet, and some libraries what they have not handed on.
        yield "cut"
        yield "pause: 20ms"


def readings(row: Ending) -> Iterator[str]:
    """What a client must report, one mapping for each way that is open."""
    came = {"no-text": 'text: ""', "text": "text: The answer is", "call": "tool_calls: unfinished"}[row.place]
    limits = ", requests: 1, result_within_s: 2" if row.end == "stalls" else ""
    if row.end == "error":
        told = f"outcome: error, {came}, error: {{says: The server gave up}}"
        if row.signs in {"reason", "both"}:
            yield f"{{as: the error counts, {told}}}"
            kept = "" if row.place == "call" else f", {came}"
            yield f"{{as: over at the reason, outcome: complete{kept}, finish_reason: {row.reason}}}"
        else:
            yield f"{{{told}}}"
        return
    if row.signs == "nothing":
        yield f"{{outcome: {'error' if row.end == 'stalls' else '[error, incomplete]'}, {came}{limits}}}"
        return
    if row.signs == "both" and row.end == "clean" and row.place != "call":
        yield f"{{outcome: complete, {came}, requests: 1}}"
        return
    if row.place == "call" and row.signs != "mark":
        whole = """tool_calls: [{name: delete_files, arguments: '{"path":"/tmp'}]"""
        yield f"{{as: as sent, outcome: complete, {whole}, finish_reason: length{limits}}}"
        yield f"{{as: kept back, outcome: [complete, incomplete], {came}, finish_reason: length{limits}}}"
        yield f"{{as: refused, outcome: [error, incomplete], {came}{limits}}}"
        return
    if row.signs == "mark":
        yield f"{{as: accepted, outcome: [complete, incomplete], {came}, finish_reason: null{limits}}}"
        yield f"{{as: refused, outcome: error, {came}{limits}}}"
        return
    yield f"{{as: accepted, outcome: complete, {came}{limits}}}"
    yield f"{{as: refused, outcome: [error, incomplete], {came}{limits}}}"


def refs(row: Ending) -> tuple[str, ...]:
    """The rules on the end, of the framing and of the dialects that are played."""
    own = {"openai-chat": "OC-04", "anthropic-messages": "AM-18", "workers-ai": "WA-03", "openai-responses": "OR-07c"}
    if row.end == "error":
        own = {"openai-chat": "OC-34", "anthropic-messages": "AM-20", "openai-responses": "OR-38"}
    elif row.signs == "mark":
        own = {"openai-chat": "OC-14", "anthropic-messages": "AM-13"}
    elif row.place == "call":
        own["openai-chat"] = "OC-24"
    first = ("SSE-48",) if row.end == "broken" else ()
    return (*first, *(own[name] for name in row.dialects if name in own))


def text_of(row: Ending) -> str:
    """The scenario file of a row."""
    bare = _text(row, {})
    broken = {
        case.dialect: sorted({finding.rule for finding in findings_of(case)})
        for case in cases(loads(bare, id=row.id, path=f"{row.id}.yaml"))
    }
    return _text(row, {dialect: rules for dialect, rules in broken.items() if rules})


def _text(row: Ending, broken: Mapping[str, Sequence[str]]) -> str:
    lines = [
        "# yaml-language-server: $schema=../../schema/scenario.schema.json",
        f"title: '{row.title}'",
        f"dialect: [{', '.join(row.dialects)}]",
        f"about: {row.about}",
        f"refs: [{', '.join(refs(row))}]",
        f"force: {row.force}",
    ]
    if row.end == "stalls":
        lines.append("client: {idle_timeout_s: 0.5}")
    if row.end == "broken":
        lines.append("vary: {end: [fin, reset]}")
    if row.place == "call":
        lines.append("requires: [tools]")
    lines += ["stream:", "  steps:", *(f"    - {step}" for step in steps(row))]
    if row.end == "stalls":
        lines.append("  end: stall")
    if broken:
        lines.append("breaks: {" + ", ".join(f"{name}: [{', '.join(rules)}]" for name, rules in broken.items()) + "}")
    found = list(readings(row))
    lines += [f"expect: {found[0]}"] if len(found) == 1 else ["expect:", *(f"  - {one}" for one in found)]
    return "\n".join(lines) + "\n"


def write(folder: Path) -> None:
    """Writes the file of every row below the folder of a catalogue."""
    (folder / "endings").mkdir(exist_ok=True)
    for row in ROWS:
        (folder / f"{row.id}.yaml").write_text(text_of(row), encoding="utf-8")


if __name__ == "__main__":
    write(Path(str(files("streamproof_scenarios"))) / "catalogue")
