"""What is streamed: drawn at run time, written as scenarios for our server and as plain bytes for the others."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import attrs

from streamproof_scenarios.catalogue import Catalogue
from streamproof_scenarios.compiler import case_hash, compile_case
from streamproof_scenarios.plan import Write

DIALECT: Final = "openai-chat"
EVENTS: Final = 100
"""Events of an unpaced stream: a role, 97 texts, a finish, `[DONE]`."""
PIECE_CHARS: Final = 6
"""Characters of each text, its blank included: as many as a token of English has with its blank."""
GAP_S: Final = 0.02
"""Between the events of a paced stream: 50 a second."""
PACED_EVENTS: Final = 300
HELD_GAP_S: Final = 1.0
HELD_EVENTS: Final = 60
MODEL: Final = "bench"


@attrs.frozen(kw_only=True, slots=False)
class Stream:
    """One stream as every contestant sends it."""

    name: str
    """Also the last part of its scenario's id."""
    texts: tuple[str, ...]
    gap_s: float
    """Between two events; 0 for none."""
    folder: Path
    """Where its scenario lies."""

    @property
    def text(self) -> str:
        """All that is said."""
        return "".join(self.texts)

    @property
    def scenario(self) -> str:
        """The scenario in its language."""
        pause = [f"    - pause: {round(self.gap_s * 1000)}ms"] if self.gap_s else []
        words = ["role: assistant", *(f"text: {json.dumps(text)}" for text in self.texts), "finish: stop", "done"]
        steps: list[str] = []
        for word in words:
            steps += [*(pause if steps else ()), f"    - {word}"]
        head = [f"title: A stream of {len(words)} events", f"dialect: {DIALECT}", "about: Drawn for a benchmark."]
        return "\n".join([*head, "stream:", "  steps:", *steps, ""])

    @property
    def id(self) -> str:
        """The id of its scenario."""
        return f"bench/{self.name}"

    @cached_property
    def pieces(self) -> tuple[bytes, ...]:
        """The body, event by event, as our compiler writes it."""
        case = Catalogue.load(self.folder, ours=False).case(self.id)
        assert case is not None, self.id
        return tuple(op.data for op in compile_case(case).answers[0].operations() if isinstance(op, Write))

    @cached_property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(self.pieces)

    @property
    def digest(self) -> str:
        """SHA-256 of the body."""
        return sha256(self.body).hexdigest()

    def hash(self, delivery: str) -> str:
        """The short name under which our server plays it in this delivery."""
        return case_hash(self.id, delivery)


def drawn_texts(generator: random.Random, count: int) -> tuple[str, ...]:
    """So many short texts of letters, each with a blank before it; no two runs send the same."""
    letters = string.ascii_lowercase
    return tuple(" " + "".join(generator.choices(letters, k=PIECE_CHARS - 1)) for _ in range(count))


def sized(generator: random.Random, name: str, size: int, folder: Path) -> Stream:
    """A stream of `size` bytes in all, the last text as long as that takes; its scenario is written to `folder`."""
    (folder / "bench").mkdir(parents=True, exist_ok=True)

    def written(*texts: str) -> Stream:
        stream = Stream(name=name, texts=texts, gap_s=0.0, folder=folder)
        (folder / "bench" / f"{name}.yaml").write_text(stream.scenario, "utf-8")
        return stream

    one, two = (len(written(*drawn_texts(generator, count)).body) for count in (1, 2))
    if size < one:
        raise ValueError(f"expected a size of {one} bytes or more, found {size}")
    more, missing = divmod(size - one, two - one)
    *texts, last = drawn_texts(generator, 1 + more)
    return written(*texts, last + "".join(generator.choices(string.ascii_lowercase, k=missing)))


@attrs.frozen(kw_only=True)
class Material:
    """All the streams of a run, their scenarios on disk."""

    scenarios: Path
    plain: Path
    """The same as JSON, for contestants that are not ours."""
    unpaced: Stream
    paced: Stream
    held: Stream

    @classmethod
    def drawn(cls, seed: int, folder: Path) -> Material:
        """Draws the texts and writes the files."""
        generator = random.Random(seed)
        scenarios = folder / "scenarios"
        (scenarios / "bench").mkdir(parents=True)
        sizes = {"unpaced": (EVENTS, 0.0), "paced": (PACED_EVENTS, GAP_S), "held": (HELD_EVENTS, HELD_GAP_S)}
        streams = {
            name: Stream(name=name, texts=drawn_texts(generator, count - 3), gap_s=gap_s, folder=scenarios)
            for name, (count, gap_s) in sizes.items()
        }
        for stream in streams.values():
            (scenarios / "bench" / f"{stream.name}.yaml").write_text(stream.scenario, "utf-8")
        plain = folder / "material.json"
        plain.write_text(json.dumps({name: _plain(stream) for name, stream in streams.items()}), "utf-8")
        return cls(scenarios=scenarios, plain=plain, **streams)


def _plain(stream: Stream) -> dict[str, Any]:
    pieces: Sequence[str] = [piece.decode("utf-8") for piece in stream.pieces]
    return {"pieces": pieces, "text": stream.text, "chunk_chars": PIECE_CHARS, "gap_s": stream.gap_s}


def request(target: str, stream: Stream) -> bytes:
    """A whole HTTP request for a stream: what the official SDK would send, without its telemetry."""
    body = json.dumps(
        {
            "model": MODEL,
            "messages": [{"role": "user", "content": stream.name}],
            "stream": True,
        }
    ).encode()
    head = (
        f"POST {target} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\n"
        f"content-type: application/json\r\nauthorization: Bearer sk-test\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
