"""The naive client: good for the plainest stream, and each of its faults shows."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

Play = Callable[..., Awaitable[list[Any]]]
Make = Callable[..., Any]
DONE = "data: [DONE]\n\n"


async def test_a_plain_text_in_one_piece_is_right(play: Play, answer: Make, text: Make) -> None:
    [run] = await play("naive", answer(text("Hel") + text("lo") + text("", "stop") + DONE))
    assert (run.error, run.choice["text"], run.choice["finish_reason"]) == (None, "Hello", "stop")
    assert run.deltas == ["Hel", "lo"]
    assert len(run.exchanges) == 1


async def test_an_event_in_two_reads_is_lost(play: Play, answer: Make, text: Make) -> None:
    whole = text("Hello")
    [run] = await play("naive", answer(whole[:30], whole[30:], text("!", "stop") + DONE))
    assert (run.error, run.choice["text"]) == (None, "!")


async def test_a_character_in_two_reads_is_damaged(play: Play, answer: Make, text: Make) -> None:
    data = text("Hé").replace("\\u00e9", "é").encode()
    cut = data.index("é".encode()) + 1
    [run] = await play("naive", answer(data[:cut], data[cut:], text("!", "stop") + DONE))
    assert run.choice["text"] == "!"


async def test_crlf_a_missing_space_and_data_over_two_lines_are_not_understood(
    play: Play, answer: Make, text: Make
) -> None:
    whole = text("Hi", "stop") + DONE
    changed = [
        whole.replace("\n", "\r\n"),
        whole.replace("data: ", "data:"),
        whole.replace('"delta"', '\ndata: "delta"', 1),
    ]
    for stream in changed:
        [run] = await play("naive", answer(stream))
        assert (run.error, run.choice["text"], run.choice["finish_reason"]) == (None, "", "stop")


async def test_choices_are_mixed_into_one(play: Play, answer: Make, text: Make) -> None:
    [run] = await play("naive", answer(text("A") + text("B", index=1) + text("a") + DONE))
    assert [choice["text"] for choice in run.result["choices"]] == ["ABa"]


async def test_the_last_piece_of_a_call_is_taken_for_the_call(play: Play, answer: Make) -> None:
    pieces = [{"id": "a", "function": {"name": "f", "arguments": '{"x":'}}, {"function": {"arguments": "1}"}}]
    events = [
        f"data: {json.dumps({'choices': [{'index': 0, 'delta': {'tool_calls': [{'index': 0, **piece}]}}]})}\n\n"
        for piece in pieces
    ]
    [run] = await play("naive", answer("".join(events) + DONE))
    assert run.choice["tool_calls"] == [{"id": None, "name": None, "arguments_raw": "1}"}]


async def test_an_error_in_the_stream_is_swallowed(play: Play, answer: Make, text: Make) -> None:
    [run] = await play("naive", answer(text("Hi"), 'data: {"error": {"message": "no"}}\n\n'))
    assert (run.error, run.choice["text"], run.choice["finish_reason"]) == (None, "Hi", "stop")


async def test_a_stream_without_its_mark_is_said_to_have_stopped(play: Play, answer: Make, text: Make) -> None:
    for fields in ({}, {"framing": "close"}, {"framing": "length", "content_length": 5000}):
        [run] = await play("naive", answer(text("Hi"), **fields))
        assert (run.error, run.choice["text"], run.choice["finish_reason"]) == (None, "Hi", "stop")


async def test_a_broken_connection_is_tried_again_and_text_comes_twice(play: Play, answer: Make, text: Make) -> None:
    whole = answer(text("Hello", "stop") + DONE)
    [run] = await play("naive", answer(text("Hel"), end="reset"), whole)
    assert (run.error, run.choice["text"]) == (None, "HelHello")
    assert len(run.exchanges) == 2


async def test_an_http_error_is_tried_again_and_its_reason_is_lost(play: Play, answer: Make) -> None:
    [run] = await play("naive", answer('{"error": {"message": "no such model"}}', status=404))
    assert (run.error["type"], run.error["message"]) == ("HTTPException", "HTTP 404")
    assert len(run.exchanges) == 3


async def test_silence_hangs_it(play: Play, answer: Make, text: Make) -> None:
    [run] = await play("naive", answer(text("Hi"), end="stall"), runs=[{"idle_timeout_s": 0.1}], deadline_s=0.7)
    assert run.said.ended == "hang"
