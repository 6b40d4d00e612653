"""Checks what a user gives of an endpoint: its address, its key, its headers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from streamproof.errors import StreamproofError
from streamproof_formats.dialects import DIALECTS

SECRET_HEADERS: Final = frozenset(
    {"authorization", "proxy-authorization", "api-key", "x-api-key", "x-goog-api-key", "cookie"}
)
"""Headers that hold secrets: none of them is taken from a command line."""

SECRET_PARAMETERS: Final = frozenset({"key", "api_key", "apikey", "api-key", "access_token", "token", "sig"})

OWN_HEADERS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept", "content-type"})
"""Headers that the probes set themselves."""


def whole_address(url: str, dialect: str) -> str:
    """The whole address of the call: a base URL gets the rest of the dialect's path, as an SDK does it.

    Raises `StreamproofError` for what is no address, and for one that holds a secret.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not (url.isascii() and url.isprintable()) or " " in url:
        raise StreamproofError(
            f"expected a URL of http or https, found {url!r}", "for example http://127.0.0.1:8080/v1"
        )
    secrets = {name for name, _ in parse_qsl(parts.query) if name.lower() in SECRET_PARAMETERS}
    if secrets or "@" in parts.netloc:
        raise StreamproofError(
            "expected a URL without a key or password, found one",
            "the address is shown in reports: put the key into the environment, see --api-key-env and --api-key-header",
        )
    spoken = DIALECTS[dialect]
    call = spoken.path.removeprefix(spoken.base_path)
    path = parts.path.rstrip("/")
    if not path.endswith(call):
        path = path + call if path else spoken.path
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def checked_key(key: str | None, variable: str) -> str | None:
    """The key without white space around it; None where there is none.  Its value is in no error."""
    key = (key or "").strip()
    if not (key.isascii() and key.isprintable()):
        raise StreamproofError(f"the key in {variable} has characters that no header can carry", "copy it anew")
    return key or None


def checked_name(name: str) -> str:
    """The name of the header that takes the key."""
    if not _is_token(name) or name.lower() in OWN_HEADERS:
        raise StreamproofError(f"--api-key-header: expected the name of a header, found {name[:40]!r}")
    return name


def _is_token(name: str) -> bool:
    return bool(name) and name.isascii() and all(char.isalnum() or char in "!#$%&'*+-.^_`|~" for char in name)


def checked_headers(texts: Iterable[str]) -> dict[str, str]:
    """The headers of `NAME: VALUE` texts."""
    headers = {}
    for text in texts:
        name, colon, value = (part.strip() for part in text.partition(":"))
        if not colon or not _is_token(name):
            raise StreamproofError(f"--header: expected 'NAME: VALUE', found {text[:40]!r}")
        if name.lower() in SECRET_HEADERS:
            raise StreamproofError(
                f"--header: {name} holds a secret, and a command line is shown in reports",
                f"put it into the environment: --api-key-env NAME, with --api-key-header {name}",
            )
        if name.lower() in OWN_HEADERS:
            raise StreamproofError(f"--header: {name} is set by the probes", "leave it out")
        if not (value.isascii() and value.isprintable()):
            raise StreamproofError(f"--header: {name} has characters that no header can carry", "use printable ASCII")
        headers[name] = value
    return headers
