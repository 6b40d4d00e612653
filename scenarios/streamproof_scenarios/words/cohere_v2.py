"""The words of cohere-v2: named events that open and close blocks of content and tool calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streamproof_scenarios.words.openai_chat import DONE
from streamproof_scenarios.words.speaker import Json, Saying, Speaker, Unsayable

REASONS: Final[Mapping[str, str]] = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_calls": "TOOL_CALL"}
"""The dialect's own spelling of the reasons that files for several dialects name."""

USUAL: Final = {
    "billed_units": {"input_tokens": 3, "output_tokens": 2},
    "tokens": {"input_tokens": 3, "output_tokens": 2},
}
"""The usage of a message-end before which the file says none."""


class CohereV2(Speaker):
    """See Speaker.  `usage` writes nothing: it is what `finish` writes, whose event has both."""

    keeps_state = True

    def __init__(self, request: Mapping[str, Json]) -> None:  # noqa: ARG002
        """Nothing in an event depends on the request."""
        self._started = False
        self._ended = False
        self._blocks = 0
        self._block: str | None = None
        """The type of the block of content that is open."""
        self._calls = 0
        self._call: Json = None
        """The index of the call that is open."""
        self._usage: Json = USUAL

    def say(self, word: str, value: Json, choice: int) -> tuple[Saying, ...]:
        """See Speaker."""
        if choice:
            raise Unsayable("cohere-v2 has no choices; leave choice away")
        match word:
            case "role":
                return tuple(self._start(value))
            case "text" | "reasoning":
                return tuple(self._piece("text" if word == "text" else "thinking", value))
            case "tool":
                return tuple(self._tool(value))
            case "usage":
                self._usage = self._counts(value)
                return ()
            case "finish":
                return tuple(self._end({"finish_reason": REASONS.get(value, value)}))
            case "error":
                # cohere-openapi.yaml (e814c8a), ChatMessageEndEvent: beside the finish reason stands "An error message
                # if an error occurred during the generation.", and nothing else of it.
                said = value.get("message", "The server had an error")
                return tuple(self._end({"finish_reason": "ERROR", "error": said}))
            case "done":
                return (Saying(text=DONE),)
        raise Unsayable(f"cohere-v2 has no word '{word}'; take the dialect out, or write a chunk")

    def chunk(self, fields: Mapping[str, Json], choice: int) -> Saying:
        """See Speaker.  There is no envelope: an event has its type and nothing that each has."""
        if choice:
            raise Unsayable("cohere-v2 has no choices; leave choice away")
        return self.event(dict(fields))

    def event(self, value: Json) -> Saying:
        """See Speaker."""
        name = value.get("type") if isinstance(value, Mapping) else None
        return Saying(json=value, name=name if isinstance(name, str) else None)

    def failure(self, value: Mapping[str, Json], status: int) -> Json:  # noqa: ARG002
        """See Speaker."""
        return {"message": "The server had an error", **value}

    def _start(self, role: Json = "assistant") -> list[Saying]:
        if self._started:
            return []
        self._started = True
        message = {"role": role, "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        return [self.event({"type": "message-start", "id": "c0-1", "delta": {"message": message}})]

    def _piece(self, kind: str, text: Json) -> list[Saying]:
        said = self._start()
        if self._block != kind:
            said += self._close()
            self._block = kind
            said.append(self._of("content-start", self._blocks, content={"type": kind, kind: ""}))
            self._blocks += 1
        said.append(self._of("content-delta", self._blocks - 1, content={kind: text}))
        return said

    def _tool(self, value: Mapping[str, Json]) -> list[Saying]:
        said = self._start()
        index = value.get("index", self._call if self._call is not None else self._calls)
        arguments = value.get("arguments", "")
        if "id" in value or "name" in value:
            said += self._close()
            index = value.get("index", self._calls)
            self._calls, self._call = self._calls + 1, index
            call: dict[str, Json] = {"id": value["id"]} if "id" in value else {}
            named = {"name": value["name"]} if "name" in value else {}
            call |= {"type": value.get("type", "function"), "function": {**named, "arguments": ""}}
            said.append(self._of("tool-call-start", index, tool_calls=call))
            if arguments == "":
                return said
        said.append(self._of("tool-call-delta", index, tool_calls={"function": {"arguments": arguments}}))
        return said

    def _close(self) -> list[Saying]:
        """The end of what is open."""
        said = []
        if self._block is not None:
            said.append(self.event({"type": "content-end", "index": self._blocks - 1}))
        if self._call is not None:
            said.append(self.event({"type": "tool-call-end", "index": self._call}))
        self._block = self._call = None
        return said

    def _end(self, delta: dict[str, Json]) -> list[Saying]:
        said = [*self._start(), *self._close()]
        self._ended = True
        return [*said, self.event({"type": "message-end", "id": "c0-1", "delta": {**delta, "usage": self._usage}})]

    def _counts(self, value: Mapping[str, Json]) -> Json:
        if self._ended:
            raise Unsayable("cohere-v2 gives usage beside the finish reason; write usage before finish")
        if "total" in value:
            raise Unsayable("cohere-v2 has no total of tokens; leave total away")
        names = {"input": "input_tokens", "output": "output_tokens"}
        tokens = {names[key]: count for key, count in value.items() if key in names}
        rest = {key: item for key, item in value.items() if key not in names}
        return {**({"tokens": tokens} if tokens else {}), **rest}

    def _of(self, name: str, index: Json, **message: Json) -> Saying:
        return self.event({"type": name, "index": index, "delta": {"message": message}})
