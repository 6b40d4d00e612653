"""The probes of openai-chat."""

from __future__ import annotations

from typing import Any, Final

from streamproof.probing.probes.probe import REFUSED, Asking, Probe, free, limited


def _chat(asking: Asking, text: str = "Count from one to five.", **more: Any) -> dict[str, Any]:
    body = {"model": asking.model, "messages": [{"role": "user", "content": text}], "stream": True, **more}
    return limited(body, asking)


_WEATHER: Final = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}

PROBES: Final[tuple[Probe, ...]] = (
    Probe(
        name="plain",
        title="A plain answer",
        wants="stream",
        refs=("OC-01", "OC-04", "OC-06"),
        body=_chat,
    ),
    Probe(
        name="usage",
        title="Usage asked for",
        wants="stream",
        refs=("OC-27", "OC-29"),
        body=lambda asking: _chat(asking, stream_options={"include_usage": True}),
    ),
    Probe(
        name="no-usage",
        title="Usage refused in so many words",
        wants="stream",
        refs=("OC-28",),
        body=lambda asking: _chat(asking, stream_options={"include_usage": False}),
    ),
    Probe(
        name="two-choices",
        title="Two choices",
        wants="stream",
        refs=("OC-40", "OC-17"),
        body=lambda asking: _chat(asking, n=2),
        tokens=lambda asking: 2 * asking.tokens,
    ),
    Probe(
        name="one-token",
        title="One token at most",
        wants="stream",
        refs=("OC-39",),
        body=lambda asking: limited(_chat(asking, stream_options={"include_usage": True}), asking, 1),
        tokens=lambda _: 1,
    ),
    Probe(
        name="forced-tool",
        title="A tool call that is forced",
        wants="stream",
        refs=("OC-37c", "OC-22"),
        body=lambda asking: limited(
            _chat(
                asking,
                "What is the weather in Oslo?",
                tools=[_WEATHER],
                tool_choice={"type": "function", "function": {"name": "get_weather"}},
            ),
            asking,
            4 * asking.tokens,
        ),
        tokens=lambda asking: 4 * asking.tokens,
    ),
    Probe(
        name="broken-json",
        title="A body that is not JSON",
        wants="refusal",
        refs=REFUSED,
        body=lambda _: b'{"model": "m", "messages": [',
        tokens=free,
    ),
    Probe(
        name="no-messages",
        title="A body without messages",
        wants="refusal",
        refs=REFUSED,
        body=lambda asking: {key: value for key, value in _chat(asking).items() if key != "messages"},
        tokens=free,
    ),
    Probe(
        name="wrong-key",
        title="A key that is not valid",
        wants="refusal",
        refs=REFUSED,
        body=_chat,
        wrong_key=True,
    ),
    Probe(
        name="early-abort",
        title="A client that leaves after the first event",
        wants="abort",
        refs=("SSE-48",),
        body=lambda asking: limited(_chat(asking, "Count from one to a hundred."), asking, 8 * asking.tokens),
        tokens=lambda asking: 9 * asking.tokens,
        is_dangerous=True,
    ),
)
