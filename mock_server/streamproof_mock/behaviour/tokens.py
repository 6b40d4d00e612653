"""The tokenizer of the well-behaved endpoint, as simple as it can be stated.

A token is a run of letters and digits with the white space before it, or any other single character with the white
space before it, or white space at the end.  Joined, the tokens are the text again.
"""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(r"\s*[^\W_]+|\s*[\W_]|\s+")


def tokens(text: str) -> list[str]:
    """The tokens of a text."""
    return _TOKEN.findall(text)


def count(text: str) -> int:
    """How many tokens a text has."""
    return len(tokens(text))
