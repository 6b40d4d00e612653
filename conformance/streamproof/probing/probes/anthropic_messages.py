"""The probes of anthropic-messages, beside the common ones."""

from __future__ import annotations

from typing import Any, Final

from streamproof.probing.probes.common import probes_of
from streamproof.probing.probes.probe import Asking, Probe, limited
from streamproof_formats.dialects import DIALECTS

_DIALECT: Final = DIALECTS["anthropic-messages"]

_WEATHER: Final = {
    "name": "get_weather",
    "description": "The weather in a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def _asked(asking: Asking, text: str, **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return limited({**_DIALECT.request, "model": asking.model, "messages": messages, **more}, asking)


PROBES: Final[tuple[Probe, ...]] = (
    *probes_of(_DIALECT),
    Probe(
        name="forced-tool",
        title="A tool call that is forced",
        wants="stream",
        refs=("AM-11", "AM-17"),
        body=lambda asking: limited(
            _asked(
                asking,
                "What is the weather in Oslo?",
                tools=[_WEATHER],
                tool_choice={"type": "tool", "name": "get_weather"},
            ),
            asking,
            4 * asking.tokens,
        ),
        tokens=lambda asking: 4 * asking.tokens,
    ),
    Probe(
        name="stop-sequence",
        title="A stop sequence",
        wants="stream",
        refs=("AM-16", "AM-16b"),
        body=lambda asking: _asked(asking, "Count from one to five in digits.", stop_sequences=["3"]),
    ),
)
