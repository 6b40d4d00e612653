"""Families of servers that speak anthropic-messages.

Those that turn chat completions into it send no pings, and the count of input tokens at the end, which no rule minds.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from streamproof_formats.profiles.profile import Profile, family

_family: Final = partial(family, "anthropic-messages")

_LEFT_OUT: Final = frozenset({"tool_use without input", "thinking without signature"})
"""What llama.cpp leaves out of the start of a block, as a finding of AM-25 is about it."""

PROFILES: Final[tuple[Profile, ...]] = (
    _family(
        "llama-cpp",
        "llama.cpp server",
        "ggml-org/llama.cpp (00efb3e), server-task.cpp",
        ("AM-06", "all blocks stop at the end", None),
        ("AM-25", "a tool_use starts without input, a thinking without signature", lambda about: about in _LEFT_OUT),
    ),
    _family("ollama-v1", "Ollama, /v1", "ollama/ollama (fb30760)"),
    _family("vllm", "vLLM", "vllm-project/vllm (006c49d)"),
    _family("litellm", "LiteLLM proxy", "BerriAI/litellm 1.106.2"),
    _family("openrouter", "OpenRouter", "openrouter.ai docs"),
    _family("requesty", "Requesty", "Requesty docs, API reference"),
)
