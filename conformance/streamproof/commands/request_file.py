"""The file that `--request` names: the body that a recorded answer was the answer to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamproof.errors import StreamproofError


def read_request(file: str | None, *, masked: Callable[[bytes], bytes] = bytes) -> dict[str, Any] | None:
    """The JSON object in this file, None without one; `masked` is put over its bytes first.

    Raises StreamproofError for a file that cannot be read or holds anything else.
    """
    if file is None:
        return None
    try:
        body = json.loads(masked(Path(file).read_bytes()))
    except OSError as error:
        raise StreamproofError(f"--request {file}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise StreamproofError(f"--request {file}: expected the JSON body that was sent: {error}") from error
    if not isinstance(body, dict):
        raise StreamproofError(f"--request {file}: expected a JSON object, found {type(body).__name__}")
    return body
