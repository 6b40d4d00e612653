from __future__ import annotations

import pytest

from streamproof_bench.table import last_words


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("", "it said nothing"),
        (" \n\n", "it said nothing"),
        ("one\ntwo\n", "two"),
        ("Error: no such module\n    at once\n\nNode.js v20\n", "Error: no such module"),
        ("Traceback\n  File\nValueError: expected a number\n", "ValueError: expected a number"),
    ],
)
def test_of_a_failed_program_the_line_that_tells_most_is_shown(output: str, words: str) -> None:
    assert last_words(output) == words
