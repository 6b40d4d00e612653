"""Families of servers that speak openai-chat.  LiteLLM and DeepSeek add comments and keys, which no rule minds."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from streamproof_formats.profiles.conditions import change_of, entries, finishing_with, said, with_key
from streamproof_formats.profiles.profile import Profile, family

_family: Final = partial(family, "openai-chat")


def _has_error(about: Any) -> bool:
    """True of an error event that tells of its error in an object with a message."""
    error = about.get("error") if isinstance(about, dict) else None
    return isinstance(error, dict) and isinstance(error.get("message"), str)


def _numbers_its_error(about: Any) -> bool:
    """True of an error event in place of a chunk that gives its code as an integer."""
    return _has_error(about) and type(about["error"].get("code")) is int and not about.get("choices")


def _closes_calls(about: Any) -> bool:
    """True of a chunk with a tool call all of whose fields are null or empty."""
    for entry in entries(about):
        delta = entry.get("delta")
        calls = delta.get("tool_calls") if isinstance(delta, dict) else None
        for call in calls if isinstance(calls, list) else ():
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict) and not (call.get("id") or call.get("type") or any(function.values())):
                return True
    return False


def _of_cloudflare(about: Any) -> bool:
    return finishing_with("model_length")(about) or _closes_calls(about)


_filtered: Final = with_key(
    "prompt_filter_results", "prompt_annotations", "content_filter_results", "content_filter_offsets"
)

PROFILES: Final[tuple[Profile, ...]] = (
    _family("openai", "api.openai.com", "openai/openai-openapi 2.3.0"),
    _family(
        "azure",
        "Azure OpenAI",
        "Azure OpenAI docs, Content streaming (2026-01-15)",
        ("OC-06", "chunks of the content filter have no delta and an empty object", _filtered),
        ("OC-07", "chunks of the content filter have an empty id", change_of("")),
        ("OC-08", "chunks of the content filter have created 0", change_of(0)),
        ("OC-09", "chunks of the content filter have an empty model", change_of("")),
        ("OC-28b", "samples have usage null unasked", None),
    ),
    _family(
        "openrouter",
        "OpenRouter",
        "openrouter.ai docs, Streaming and Errors",
        ("OC-28", "the usage chunk comes always", None),
        (
            "OC-34",
            "an error stands in a chunk whose choice finishes with error; its code may be a number",
            _has_error,
        ),
    ),
    _family(
        "vllm",
        "vLLM",
        "vllm-project/vllm (006c49d), serving.py",
        ("OC-16", "the chunk with the finish reason has the last text", None),
        (
            "OC-27",
            "chunks but the last have no usage key, or with continuous_usage_stats usage",
            said("no usage null"),
        ),
        ("OC-34", "the code of an error is an integer", _numbers_its_error),
    ),
    _family(
        "llama-cpp",
        "llama.cpp server",
        "ggml-org/llama.cpp (00efb3e), server-task.cpp",
        ("OC-08", "created is taken anew for each flush", None),
        ("OC-11", "the role chunk repeats with the progress of the prompt", None),
        ("OC-34", "the code of an error is an integer", _numbers_its_error),
    ),
    _family(
        "ollama-v1",
        "Ollama, /v1",
        "ollama/ollama (fb30760), middleware/openai.go",
        ("OC-06", "a choice may finish with load or unload", finishing_with("load", "unload")),
        ("OC-27", "chunks but the last have no usage key", said("no usage null")),
    ),
    _family(
        "tgi",
        "Text Generation Inference",
        "huggingface/text-generation-inference (db931fc)",
        ("OC-06", "a choice may finish with stop_sequence", finishing_with("stop_sequence")),
        ("OC-07", "the usage chunk has an empty id", change_of("")),
        ("OC-08", "created is taken anew for each chunk", None),
        ("OC-11", "every delta has the role", None),
        ("OC-21", "every delta of a tool call has its id", None),
    ),
    _family("litellm", "LiteLLM proxy", "BerriAI/litellm 1.106.2"),
    _family("deepseek", "DeepSeek", "api-docs.deepseek.com, Rate limit"),
    _family(
        "cloudflare",
        "Cloudflare Workers AI in the shape of OpenAI",
        "cloudflare/ai (917c024), tests of workers-ai-provider",
        (
            "OC-06",
            "a choice may finish with model_length; a tool call of nulls closes the one before",
            _of_cloudflare,
        ),
        ("OC-07", "ids may change within a stream", None),
        ("OC-19", "a tool call of nulls closes the one before", _closes_calls),
        ("OC-27", "every chunk has usage", said("no usage null")),
        ("OC-28", "every chunk has usage", None),
    ),
)
