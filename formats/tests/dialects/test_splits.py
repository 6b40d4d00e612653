"""What is found does not depend on how the bytes were cut."""

from __future__ import annotations

from typing import Any

import pytest

from streamproof_formats.judge import Judge, Judgement

from .streams import judged
from .table import Row
from .tables import TABLES

EXAMPLES = [
    pytest.param(dialect, stream, id=f"{dialect}: {name}")
    for dialect, table in TABLES.items()
    for name, stream in {**table.examples, **table.deviating}.items()
]
ROWS = [
    pytest.param(dialect, row, id=f"{dialect}: {row[1]}")
    for dialect, table in TABLES.items()
    for row in (*table.breaking, *table.keeping)
]


def in_pieces(dialect: str, pieces: list[bytes], options: dict[str, Any]) -> Judgement:
    at_end = {"end": options.get("end", "clean")}
    judge = Judge(dialect, **{key: value for key, value in options.items() if key != "end"})
    for piece in pieces:
        judge.receive_data(piece)
    return judge.close(**at_end)


@pytest.mark.parametrize(("dialect", "stream"), EXAMPLES)
def test_every_split_of_an_example_is_judged_alike(dialect: str, stream: bytes) -> None:
    whole = judged(dialect, stream)
    for place in range(1, len(stream)):
        assert in_pieces(dialect, [stream[:place], stream[place:]], {}) == whole


@pytest.mark.parametrize(("dialect", "row"), ROWS)
def test_a_stream_in_pieces_is_judged_as_it_is_in_one(dialect: str, row: Row) -> None:
    _, _, stream, options = row
    whole = judged(dialect, stream, **options)
    for size in (1, 7) if len(stream) < 4096 else (997,):
        pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
        assert in_pieces(dialect, pieces, options) == whole
    for place in range(1, len(stream), max(41, len(stream) // 16)):
        assert in_pieces(dialect, [stream[:place], stream[place:]], options) == whole
