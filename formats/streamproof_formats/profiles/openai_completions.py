"""Families of servers that speak openai-completions.  vLLM and LiteLLM add keys, which no rule minds."""

from __future__ import annotations

from functools import partial
from typing import Final

from streamproof_formats.profiles.conditions import changed_number, finishing_with, said
from streamproof_formats.profiles.profile import Profile, family

_family: Final = partial(family, "openai-completions")

PROFILES: Final[tuple[Profile, ...]] = (
    _family("vllm", "vLLM", "vllm-project/vllm (006c49d), serving.py"),
    _family(
        "llama-cpp",
        "llama.cpp server",
        "ggml-org/llama.cpp (00efb3e), server-task.cpp",
        ("OL-04", "created is taken anew for each flush", changed_number),
        ("OL-09", "the usage stands in the last chunk, beside its choice", said("usage beside choices")),
        ("OL-09b", "the last chunk always has the usage", None),
    ),
    _family(
        "ollama-v1",
        "Ollama, /v1",
        "ollama/ollama (fb30760), middleware/openai.go",
        ("OL-04", "created is taken anew for each chunk", changed_number),
        ("OL-09", "chunks but the last have a usage of zeros", said("no usage null")),
    ),
    _family(
        "tgi",
        "Text Generation Inference",
        "huggingface/text-generation-inference (db931fc)",
        ("OL-05", "a choice may finish with eos_token", finishing_with("eos_token")),
        ("OL-09", "the usage stands in the last chunk, beside its choice", said("usage beside choices")),
        ("OL-09b", "the last chunk always has the usage", None),
    ),
    _family("litellm", "LiteLLM proxy", "BerriAI/litellm 1.106.2"),
)
