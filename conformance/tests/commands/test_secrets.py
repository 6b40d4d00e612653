"""No key that stands on a command line is kept."""

from __future__ import annotations

import pytest

from streamproof.commands.output import without_secrets


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (["check", "endpoint", "http://h/v1"], ["check", "endpoint", "http://h/v1"]),
        (["--header", "x-token: S"], ["--header", "x-token: ***"]),
        (["--header=x-token: S"], ["--header=x-token: ***"]),
        (["--header", "S"], ["--header", "***"]),
        (["serve", "--api-key", "S", "--port", "0"], ["serve", "--api-key", "***", "--port", "0"]),
        (["--header", "a: S", "--header", "b: S"], ["--header", "a: ***", "--header", "b: ***"]),
    ],
)
def test_the_values_of_headers_and_keys_are_masked(typed: list[str], kept: list[str]) -> None:
    assert without_secrets(typed) == kept
