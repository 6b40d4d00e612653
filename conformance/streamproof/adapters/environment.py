"""The environment of a client under test: nothing of it goes past loopback, no key of the user reaches it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

NOWHERE: Final = "http://127.0.0.1:9"
"""The discard port: a client that ignores the address it was given must not reach a paid service."""

_LOOPBACK: Final = "127.0.0.1,localhost,::1"
_PROXIES: Final = frozenset(
    {"http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "ws_proxy", "wss_proxy", "no_proxy"}
)
_SECRET: Final = ("_API_KEY", "_TOKEN", "_SECRET", "_SECRET_KEY", "_ACCESS_KEY", "_PASSWORD")

BASE_URLS: Final[Mapping[str, tuple[str, ...]]] = {
    "OPENAI_BASE_URL": ("openai-chat", "openai-completions", "openai-responses"),
    "OPENAI_API_BASE": ("openai-chat", "openai-completions", "openai-responses"),
    "ANTHROPIC_BASE_URL": ("anthropic-messages",),
    "GEMINI_BASE_URL": ("gemini",),
    "GOOGLE_BASE_URL": ("gemini",),
    "GOOGLE_GEMINI_BASE_URL": ("gemini",),
    "MISTRAL_BASE_URL": ("mistral",),
    "COHERE_BASE_URL": ("cohere-v2",),
    "CO_API_URL": ("cohere-v2",),
    "OLLAMA_HOST": ("ollama-chat",),
}
"""Variables from which SDKs take their address, to the dialects for which it is the right one."""

KEYS: Final = (
    "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "MISTRAL_API_KEY", "COHERE_API_KEY",
    "CO_API_KEY", "OLLAMA_API_KEY",
)  # fmt: skip

CERTIFICATES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE")


def environment(
    own: Mapping[str, str],
    *,
    dialect: str | None = None,
    base_url: str | None = None,
    api_key: str = "sk-test",
    ca_file: str | None = None,
    inherited: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The variables of a client's process; `own`, the client's, win over all.

    A long-lived process learns its address with each run, so that the variables for it point nowhere.
    """
    made = {
        name: value
        for name, value in (os.environ if inherited is None else inherited).items()
        if name.lower() not in _PROXIES and not name.upper().endswith(_SECRET)
    }
    made |= {"NO_PROXY": _LOOPBACK, "no_proxy": _LOOPBACK, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    made |= dict.fromkeys(KEYS, api_key)
    for name, dialects in BASE_URLS.items():
        made[name] = base_url if base_url is not None and dialect in dialects else NOWHERE
    if ca_file is not None:
        made |= dict.fromkeys(CERTIFICATES, ca_file)
    return {**made, **own}
