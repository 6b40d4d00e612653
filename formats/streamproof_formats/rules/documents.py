"""The documents and packages of which a fixed version was read: schemas, words and rules are written against these."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from streamproof_formats.rule import Source

READ: Final = "2026-11-18"
"""When they were read."""


@attrs.frozen(kw_only=True)
class Document:
    """One of them."""

    name: str
    version: str
    kind: Literal["specification", "package"]
    url: str
    gives: str
    """What of it is used."""

    def at(self, section: str) -> Source:
        """A place in it, as a rule cites it."""
        return Source(document=f"{self.name} {self.version}", section=section, url=self.url, read=READ)


def _specification(name: str, version: str, url: str, gives: str) -> Document:
    return Document(name=name, version=version, kind="specification", url=url, gives=gives)


def _package(name: str, version: str, repository: str, gives: str) -> Document:
    return Document(name=name, version=version, kind="package", url=f"https://github.com/{repository}", gives=gives)


OPENAI_SPECIFICATION: Final = _specification(
    "openai/openai-openapi openapi.yaml",
    "2.3.0 (f85dbe2)",
    "https://github.com/openai/openai-openapi",
    "the schemas of chunks, events, requests and errors of OpenAI's three dialects",
)
OPENAI_OLD_SPECIFICATION: Final = _specification(
    "openai/openai-openapi openapi.yaml, branch 2025-02-04",
    "(0616166)",
    "https://github.com/openai/openai-openapi/tree/2025-02-04",
    "what it says of the terminator of chat completions, which the newer one leaves out",
)
OPEN_RESPONSES: Final = _specification(
    "Open Responses specification,",
    "2026-04-24 (05d5f81)",
    "https://www.openresponses.org/specification",
    "what binds servers that claim Open Responses",
)
COHERE_SPECIFICATION: Final = _specification(
    "cohere-ai/cohere-developer-experience cohere-openapi.yaml",
    "(e814c8a)",
    "https://github.com/cohere-ai/cohere-developer-experience",
    "the schemas of events, requests and answers of Cohere",
)
MISTRAL_SPECIFICATION: Final = _specification(
    "mistralai/platform-docs-public openapi.yaml",
    "(222f4ba)",
    "https://github.com/mistralai/platform-docs-public",
    "the schemas of chunks, requests and errors of Mistral",
)
OPENAI_PYTHON: Final = _package(
    "openai-python", "3.51.0", "openai/openai-python", "types, and what its stream helpers rest on"
)
OPENAI_NODE: Final = _package("openai-node", "7.55.0", "openai/openai-node", "what its stream helpers throw on")
ANTHROPIC_PYTHON: Final = _package(
    "anthropic-sdk-python",
    "2.10.0",
    "anthropics/anthropic-sdk-python",
    "the types of events and blocks, from which the schemas are written, and what its reader rests on",
)
GOOGLE_GENAI: Final = _package(
    "google-genai",
    "3.3.0",
    "googleapis/python-genai",
    "the types of chunks and requests, from which the schemas are written, and how its reader splits lines",
)
MISTRAL_PYTHON: Final = _package("mistralai", "3.7.0 (Python)", "mistralai/client-python", "what its types refuse")
COHERE_PYTHON: Final = _package(
    "cohere-python", "7.3.1", "cohere-ai/cohere-python", "what its union of events drops, and its reader of events"
)
OLLAMA_PYTHON: Final = _package(
    "ollama-python", "0.6.3", "ollama/ollama-python", "the types of chunks and requests, and how it splits lines"
)
WORKERS_TYPES: Final = _package(
    "@cloudflare/workers-types",
    "5.20261117.1",
    "cloudflare/workerd",
    "the types of a whole answer: of a chunk none are published",
)

DOCUMENTS: Final[tuple[Document, ...]] = (
    OPENAI_SPECIFICATION,
    OPENAI_OLD_SPECIFICATION,
    OPEN_RESPONSES,
    COHERE_SPECIFICATION,
    MISTRAL_SPECIFICATION,
    OPENAI_PYTHON,
    OPENAI_NODE,
    ANTHROPIC_PYTHON,
    GOOGLE_GENAI,
    MISTRAL_PYTHON,
    COHERE_PYTHON,
    OLLAMA_PYTHON,
    WORKERS_TYPES,
)
"""All of them.  What has no version, such as guides on the web, stands in the rules with the date of reading."""
