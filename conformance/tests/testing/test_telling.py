"""What a test may tell of its client, and what is made of it."""

from __future__ import annotations

import dataclasses
from typing import Any

import attrs
import pytest

from streamproof.adapters.pieces import Misuse
from streamproof.errors import StreamproofError
from streamproof.testing.telling import INHERENT, Telling, event_of, hello_of, item_of
from streamproof.testing.terms import Terms


@dataclasses.dataclass
class Data:
    a: int


@attrs.frozen
class Values:
    a: int


class Model:
    def model_dump(self, **how: Any) -> dict[str, Any]:
        assert how["exclude_unset"]
        return {"a": 1}

    def __iter__(self) -> Any:
        raise AssertionError  # a model is one item, although it can be walked through


class Event:
    event, data, id = "", "x", None


@pytest.mark.parametrize("chunk", [{"a": 1}, Data(1), Values(1), Model()], ids=lambda chunk: type(chunk).__name__)
def test_a_chunk_of_any_make_is_an_item(chunk: Any) -> None:
    assert item_of(chunk) == {"a": 1}


@pytest.mark.parametrize("chunk", ["text", 7, None, object()])
def test_what_is_no_chunk_is_refused(chunk: Any) -> None:
    with pytest.raises(Misuse, match="expected chunks as mappings or models"):
        item_of(chunk)


@pytest.mark.parametrize(
    ("event", "last_id"), [(Event(), ""), ({"data": "x"}, ""), ({"event": "message", "data": "x", "last_event_id": "7"}, "7"), ({"data": "x", "id": "7"}, "7")]
)  # fmt: skip
def test_an_event_of_any_make_is_one(event: Any, last_id: str) -> None:
    assert event_of(event) == {"event": "message", "data": "x", "last_event_id": last_id}


@pytest.mark.parametrize("event", ["data: x", {"event": "e"}, {"data": 7}, object()])
def test_what_is_no_event_is_refused(event: Any) -> None:
    with pytest.raises(Misuse, match="expected events"):
        event_of(event)


def broken(_: Any) -> Any:
    yield "Hel"
    raise OSError("the line went dead")


FUNCTIONS: list[tuple[Any, list[str], dict[str, Any]]] = [
    (lambda run: "Hello", ["Hello"], {"text": "Hello"}),
    (lambda run: iter(["Hel", "lo"]), ["Hel", "lo"], {"text": "Hello"}),
    (lambda run: {"text": "Hi", "finish_reason": "stop"}, ["Hi"], {"text": "Hi", "finish_reason": "stop"}),
    (lambda run: run["text"], ["from the run"], {"text": "from the run"}),
    (broken, ["Hel"], {"text": "Hel"}),
]


@pytest.mark.parametrize(("function", "pieces", "choice"), FUNCTIONS)
def test_what_a_function_gives_is_told_piece_by_piece(function: Any, pieces: list[str], choice: dict[str, Any]) -> None:
    heard: list[Any] = []
    telling = Telling("message", heard.append)
    telling.run(function, {"text": "from the run"})
    said = telling.said()
    assert [report.data["text"] for report in heard] == pieces
    assert list(said.reports) == heard
    assert said.result is not None
    assert said.result["choices"] == [{"index": 0, **choice}]
    error = said.result.get("error")
    assert (error is not None) == (function is broken)
    assert error is None or (error["type"], error["phase"]) == ("OSError", "stream")


def test_an_exception_within_a_mapping_is_the_client_s_error() -> None:
    telling = Telling("message", lambda _: None)
    telling.take({"text": "Hel", "error": ValueError("no")})
    result = telling.said().result
    assert result is not None
    assert (result["error"]["message"], result["error"]["phase"]) == ("no", "stream")
    assert result["choices"] == [{"index": 0, "text": "Hel"}]


def test_items_end_where_the_run_asked_to_stop() -> None:
    closed = []

    def walk(_: Any) -> Any:
        try:
            for number in range(10):
                yield {"number": number}
        finally:
            closed.append(number)

    telling = Telling("items", lambda _: None, {"after": 2, "how": "break"})
    telling.run(walk, {})
    said = telling.said()
    assert [report.data["number"] for report in said.reports] == [0, 1]
    assert said.result == {"stopped": True}
    assert closed == [1]


def test_what_the_test_itself_asserts_is_not_the_client_s_error() -> None:
    def wrong(_: Any) -> Any:
        raise AssertionError("mine")

    with pytest.raises(AssertionError, match="mine"):
        Telling("message", lambda _: None).run(wrong, {})


def test_whoever_hands_out_chunks_can_say_what_is_in_them() -> None:
    assert hello_of("openai-chat", "items", ()).capabilities == INHERENT
    assert hello_of("openai-chat", "message", ["tools"]).capabilities == {"tools"}


@pytest.mark.parametrize(
    ("given", "said"),
    [({"capability": ()}, "did you mean 'capabilities'"), ({"capabilities": ["toolz"]}, "did you mean 'tools'"), ({"capabilities": ["x"]}, "known: ")],
)  # fmt: skip
def test_terms_that_are_none_are_refused_in_words(given: dict[str, Any], said: str) -> None:
    with pytest.raises(StreamproofError) as refused:
        Terms.of(given)
    assert said in f"{refused.value.hint}"
