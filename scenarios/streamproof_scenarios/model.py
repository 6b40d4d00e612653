"""The scenario as values: what an author wrote, checked, with its place in the file.

The loader makes these; the compiler makes plans of them.  Nothing here is derived.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from streamproof_formats.response import Framing
from streamproof_scenarios.plan import Ending

Json = Any
"""A value as `json.loads` gives it."""

Force = Literal["must", "documented", "quirk", "open"]
Outcome = Literal["complete", "incomplete", "error", "stopped"]


@attrs.frozen
class Mark:
    """A place in a scenario file; both count from 1."""

    line: int
    column: int


@attrs.frozen
class Fill:
    """A text of `bytes` UTF-8 bytes made by repeating `fill`."""

    fill: str
    bytes: int

    @property
    def text(self) -> str:
        """The text itself; the last `fill` is cut short where `bytes` are reached, never within a character."""
        unit = self.fill.encode()
        return (unit * (self.bytes // len(unit)) + unit[: self.bytes % len(unit)]).decode(errors="ignore")


Text = str | Fill

Place = int | str
"""A byte offset in the step (negative: from its end), a text (just after its first occurrence),
`inside-utf8` or `inside-crlf`."""


@attrs.frozen(kw_only=True)
class Modifiers:
    """What may stand beside the word of any step that writes bytes."""

    choice: int = 0
    name: str | Literal[False] | None = False
    """The `event:` line to write; None writes none where the dialect would; False leaves it to the dialect."""
    ascii: bool = False
    """True to write JSON with escapes for all that is not ASCII."""
    cut: tuple[Place, ...] = ()
    breaks: tuple[Place, ...] = ()
    """Where a second `data:` line begins (`break` in the language)."""
    keep: Place | None = None
    """Nothing of the step is written after this place."""
    unclosed: int = 0
    """Number of line ends left off at the step's end."""


@attrs.frozen(kw_only=True)
class Word:
    """A word of the dialect: `role text reasoning refusal tool function finish usage error done`."""

    word: Literal["role", "text", "reasoning", "refusal", "tool", "function", "finish", "usage", "error", "done"]
    value: Json | Text = None
    modifiers: Modifiers = attrs.field(factory=Modifiers)
    mark: Mark | None = None


@attrs.frozen(kw_only=True)
class Payload:
    """`chunk` (fields merged over the dialect's envelope), `event` (JSON as given) or `data` (text as given)."""

    kind: Literal["chunk", "event", "data"]
    value: Json
    modifiers: Modifiers = attrs.field(factory=Modifiers)
    mark: Mark | None = None


@attrs.frozen(kw_only=True)
class Block:
    """One SSE event given line by line; an item is a line or a step whose `data:` lines are taken in."""

    lines: tuple[str | Word | Payload, ...]
    modifiers: Modifiers = attrs.field(factory=Modifiers)
    mark: Mark | None = None


@attrs.frozen(kw_only=True)
class Raw:
    """Bytes as they are: `comment`, `raw`, `hex`, `file`, or a whole `json` body."""

    kind: Literal["comment", "raw", "hex", "file", "json"]
    value: Json | Text | bytes
    """Text of `comment` and `raw`, bytes of `hex` and `file`, the value of `json`."""
    source: str | None = None
    """The name of the `file`, the digits of the `hex`, as written."""
    modifiers: Modifiers = attrs.field(factory=Modifiers)
    mark: Mark | None = None


@attrs.frozen(kw_only=True)
class Repeat:
    """The steps, `times` times over; compiled lazily."""

    times: int
    steps: tuple[Step, ...]
    mark: Mark | None = None


@attrs.frozen(kw_only=True)
class Barrier:
    """`cut`, `pause`, `await: delivered` or `goaway: graceful`: no delivery moves or removes it."""

    kind: Literal["cut", "pause", "await", "goaway"]
    delay_s: float = 0.0
    mark: Mark | None = None


Step = Word | Payload | Block | Raw | Repeat | Barrier


def flat(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """All steps as they stand in the file, those of a repeat right after it: a plan numbers them by this order."""
    found: list[Step] = []
    for step in steps:
        found.append(step)
        if isinstance(step, Repeat):
            found += flat(step.steps)
    return tuple(found)


@attrs.frozen(kw_only=True)
class Answer:
    """One answer of the server: `stream` of the file, or one of its list."""

    steps: tuple[Step, ...] = ()
    end: Ending = attrs.field(factory=Ending)
    status: int = 200
    headers: Mapping[str, str | None] = attrs.field(factory=dict)
    """Added or replaced by name; None takes a default header away."""
    delay_s: float = 0.0
    http: Literal["h1", "h1.0", "h2"] = "h1"
    connection: Literal["keep-alive", "close"] = "keep-alive"
    framing: Framing | None = None
    """None: chunked for a stream, length for a whole JSON body."""
    length_off_by: int = 0
    encoding: Literal["gzip", "br"] | None = None
    flush: Literal["each", "never"] = "each"
    eol: Literal["lf", "crlf", "cr"] = "lf"
    space: bool = True
    before: tuple[str, ...] = ()
    stated: frozenset[str] = frozenset()
    """The keys that the file gives for this answer."""
    mark: Mark | None = None


@attrs.frozen(kw_only=True)
class Variation:
    """One value of one key of `vary`."""

    label: str
    """As it stands in a case id: `fin` of `[end=fin]`."""
    changes: Mapping[str, Any]
    """Fields of `Answer` and what they become, in each answer that does not state the key itself."""


@attrs.frozen(kw_only=True)
class ClientOptions:
    """What the client is asked to do beside sending the request."""

    idle_timeout_s: float | None = None
    max_retries: int | None = None
    stop_after: int | None = None
    stop_how: Literal["break", "abort"] = "break"
    runs: int = 1
    parallel: int = 1
    reuse: bool = False


@attrs.frozen(kw_only=True)
class Reading:
    """What a client must make of the stream, under one reading of the documents.

    A field is None where it is not stated; `stated` names the fields that are, so that a stated `null` is told apart.
    """

    name: str | None = None
    stated: frozenset[str] = frozenset()
    outcome: tuple[Outcome, ...] = ()
    text: str | Fill | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: tuple[Mapping[str, Json], ...] | Literal["unfinished"] | None = None
    """Each with `id`, `name`, `arguments` (a text is compared as text, a mapping as JSON), as far as stated."""
    function_call: Mapping[str, Json] | None = None
    finish_reason: str | None = None
    usage: Mapping[str, int] | None = None
    choices: tuple[Mapping[str, Json], ...] | None = None
    """Per choice, the keys above from `text` to `finish_reason`; the choice is `index` or its place in the list."""
    error_status: int | None = None
    error_says: str | None = None
    requests_min: int | None = None
    requests_max: int | None = None
    wait_min_s: float | None = None
    wait_max_s: float | None = None
    left_within_s: float | None = None
    result_within_s: float | None = None
    cost_linear: bool = False
    notes: tuple[str, ...] = ()
    mark: Mark | None = None


@attrs.frozen(kw_only=True)
class Scenario:
    """One scenario file."""

    id: str
    """Its path below the catalogue, without the ending."""
    title: str
    dialects: tuple[str, ...]
    about: str | None = None
    refs: tuple[str, ...] = ()
    force: Force = "must"
    since: str = "1.0"
    profile: str = "strict"
    request: Mapping[str, Json] = attrs.field(factory=dict)
    client: ClientOptions = attrs.field(factory=ClientOptions)
    vary: Mapping[str, tuple[Json, ...]] = attrs.field(factory=dict)
    variations: Mapping[str, tuple[Variation, ...]] = attrs.field(factory=dict)
    """The same keys and values, ready to be applied."""
    answers: tuple[Answer, ...] = ()
    """As written, before `vary` is applied."""
    deliveries: tuple[str, ...] = ()
    breaks: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    """Rule ids by `DIALECT`, by `DIALECT[VARIANT]`, or under "" for every case that has no entry of its own."""
    readings: tuple[Reading, ...] = ()
    """Empty when the expectation is derived."""
    requires: tuple[str, ...] = ()
    """Capabilities stated in the file, beside those that are derived."""
    path: str = ""
    """The file, as shown to the user."""
    mark: Mark | None = None
    stream_mark: Mark | None = None


@attrs.frozen(kw_only=True)
class Case:
    """A scenario for one dialect and one variant; deliveries come on top."""

    id: str
    """`ID`, with `@dialect` where the file names several, with `[end=fin]` where it varies."""
    scenario: Scenario
    dialect: str
    variant: Mapping[str, Json]
    answers: tuple[Answer, ...]
    """With the variant applied."""
    request: Mapping[str, Json]
    """The whole request body: the file's over the dialect's default."""
    breaks: tuple[str, ...]
    requires: tuple[str, ...]
    """Capabilities, derived and stated, sorted."""
    deliveries: tuple[str, ...]
    """Names of deliveries to play where the user asks for none."""
