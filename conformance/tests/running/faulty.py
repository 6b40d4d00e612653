"""The reference client with one fault, or several: `python faulty.py FAULT..`.  Each is what a library in the wild has done."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from streamproof.subjects.reference import __main__ as adapter
from streamproof.subjects.reference import chat, client, connection, error, events, message, reader, stream

Json = Any
FAULTS: dict[str, Callable[[], None]] = {}


def fault(install: Callable[[], None]) -> Callable[[], None]:
    FAULTS[install.__name__.replace("_", "-")] = install
    return install


def change_result(change: Callable[[dict[str, Json]], object]) -> None:
    """Changes each result just before it is said."""
    say = adapter.say

    def changed(type_: str, **fields: Json) -> None:
        if type_ == "result":
            change(fields)
        say(type_, **fields)

    adapter.say = changed


def change_choices(change: Callable[[dict[str, Json]], None]) -> None:
    """Changes each choice of each result."""
    change_result(lambda result: [change(choice) for choice in result["choices"]])


def change_delta(change: Callable[[message.Delta], message.Delta | None]) -> None:
    """Changes each delta just before it is said, or keeps it back."""
    say_delta = adapter.say_delta

    def changed(number: int, delta: message.Delta) -> None:
        other = change(delta)
        if other is not None:
            say_delta(number, other)

    adapter.say_delta = changed


@fault
def no_fault() -> None:
    pass


@fault
def drops_text_after_error() -> None:
    held: list[tuple[int, message.Delta]] = []
    say_delta = adapter.say_delta
    adapter.say_delta = lambda number, delta: held.append((number, delta))

    def drop(result: dict[str, Json]) -> None:
        if result["error"]:
            result["choices"] = []
        else:
            for number, delta in held:
                say_delta(number, delta)
        held.clear()

    change_result(drop)


@fault
def swallows_errors_of_the_stream() -> None:
    reader.Reader.error_in = lambda *_: None


@fault
def swallows_the_status() -> None:
    def swallow(result: dict[str, Json]) -> None:
        if result["error"] and result["error"]["status"]:
            result["error"] = None

    change_result(swallow)


@fault
def takes_a_cut_for_the_end() -> None:
    def invent(result: dict[str, Json]) -> None:
        if result["error"] and result["error"]["phase"] == "stream":
            result["error"] = None
            for choice in result["choices"]:
                choice["finish_reason"] = choice["finish_reason"] or "stop"

    change_result(invent)


@fault
def hides_that_there_was_no_answer() -> None:
    def hide(result: dict[str, Json]) -> None:
        if result["error"] and result["error"]["phase"] == "open" and not result["error"]["status"]:
            result["error"] = None

    change_result(hide)


@fault
def hands_on_a_cut_call() -> None:
    def hand_on(result: dict[str, Json]) -> None:
        calls = [call for choice in result["choices"] for call in choice["tool_calls"]]
        if result["error"] and calls:
            result["error"] = None
            for call in calls:
                call["arguments_json"] = {}

    change_result(hand_on)


@fault
def appends_ids() -> None:
    call = message.Choice.call

    def appended(self: message.Choice, index: int | None, id_: str | None) -> message.Call:
        known = self._by_index.get(index) if index is not None else None
        before = known.id if known else None
        found = call(self, index, id_)
        if before and id_:
            found.id = before + id_
        return found

    message.Choice.call = appended


@fault
def says_text_twice() -> None:
    change_delta(lambda delta: delta._replace(text=delta.text * 2))
    change_choices(lambda choice: choice.update(text=(choice["text"] or "") * 2))


@fault
def retries_after_text() -> None:
    lost = connection.Connection._fault

    def retryable(self: connection.Connection, *words: str, **_: bool) -> error.ClientError:
        fault_ = lost(self, *words)
        fault_.retryable = True
        return fault_

    connection.Connection._fault = retryable
    client.RETRY_WAIT_S = 0.01
    change_run(lambda run: {**run, "max_retries": 1})


def change_run(change: Callable[[Mapping[str, Json]], Mapping[str, Json]]) -> None:
    """Changes what is asked of the client before it hears of it."""
    play = adapter.play
    adapter.play = lambda run, own: play(change(run), own)


@fault
def retries_at_once() -> None:
    client._asked_wait_s = lambda _: 0.0


@fault
def dies_in_the_stream() -> None:
    def die(delta: message.Delta) -> message.Delta:
        if delta.text == " jumps over":
            os._exit(3)
        return delta

    change_delta(die)


@fault
def hangs_at_the_end() -> None:
    change_result(lambda result: time.sleep(60) if "lazy dog" in str(result["choices"]) else None)


@fault
def keeps_connections() -> None:
    kept: list[connection.Connection] = []

    def keep(self: connection.Connection) -> None:
        kept.append(self)

    connection.Connection.close = keep


@fault
def reads_on_when_told_to_stop() -> None:
    change_run(lambda run: {**run, "stop": None})


@fault
def waits_longer_than_told() -> None:
    change_run(lambda run: {**run, "idle_timeout_s": 2.4})


@fault
def buffers_deltas() -> None:
    held: list[tuple[int, message.Delta]] = []
    say_delta = adapter.say_delta
    adapter.say_delta = lambda number, delta: held.append((number, delta))

    def release(_: dict[str, Json]) -> None:
        while held:
            say_delta(*held.pop(0))

    change_result(release)


@fault
def sums_usage() -> None:
    take = chat.take_usage

    def summed(answer: message.Answer, chunk: Mapping[str, Json]) -> None:
        before = answer.usage or {}
        take(answer, chunk)
        if isinstance(chunk.get("usage"), dict) and answer.usage:
            answer.usage = {key: (before.get(key) or 0) + (value or 0) for key, value in answer.usage.items()}

    chat.take_usage = summed


@fault
def invents_usage() -> None:
    def invent(result: dict[str, Json]) -> None:
        result["usage"] = result["usage"] or {"input": 1, "output": 1, "total": 2}

    change_result(invent)


@fault
def hands_out_other_deltas() -> None:
    change_delta(lambda delta: delta._replace(text=delta.text.upper()))


@fault
def forgets_the_messages() -> None:
    change_run(lambda run: {**run, "request": {k: v for k, v in run["request"].items() if k != "messages"}})


def change_bytes(change: Callable[[events.EventDecoder, bytes], bytes]) -> None:
    """Changes what the decoder is fed with."""
    feed = events.EventDecoder.feed
    events.EventDecoder.feed = lambda self, data: feed(self, change(self, data))


@fault
def splits_lines_like_text() -> None:
    change_bytes(lambda _, data: "".join(f"{line}\n" for line in data.decode().splitlines()).encode())


@fault
def keeps_carriage_returns() -> None:
    events.LINE_END = events.re.compile(rb"\n")


@fault
def counts_a_cut_line_end_twice() -> None:
    def forget(decoder: events.EventDecoder, data: bytes) -> bytes:
        decoder._after_cr = False
        return data

    change_bytes(forget)


@fault
def decodes_each_piece() -> None:
    change_bytes(lambda _, data: data.decode("utf-8", "replace").encode())


@fault
def drops_the_second_choice() -> None:
    change_delta(lambda delta: delta if delta.choice == 0 else None)

    def drop(result: dict[str, Json]) -> None:
        result["choices"] = result["choices"][:1]

    change_result(drop)


@fault
def joins_calls_of_one_index() -> None:
    call = message.Choice.call
    message.Choice.call = lambda self, index, id_: call(self, index, None if index in self._by_index else id_)


@fault
def ignores_the_index_of_calls() -> None:
    call = message.Choice.call
    message.Choice.call = lambda self, _, id_: call(self, 0, None if 0 in self._by_index else id_)


@fault
def loses_reasoning() -> None:
    change_delta(lambda delta: delta if delta.kind != "reasoning" else None)
    change_choices(lambda choice: choice.update(reasoning=None))


@fault
def always_says_stop() -> None:
    change_choices(lambda choice: choice.update(finish_reason=choice["finish_reason"] and "stop"))


@fault
def refuses_comments() -> None:
    def refuse(_: events.EventDecoder, data: bytes) -> bytes:
        if data.startswith(b":"):
            raise error.ClientError("bad_line", "a line without a name")
        return data

    change_bytes(refuse)


@fault
def needs_an_event_in_one_read() -> None:
    receive = stream.ChatStream.receive

    def whole_only(self: stream.ChatStream, data: bytes) -> Iterator[message.Delta]:
        return receive(self, data if data.endswith(b"\n\n") and data.startswith(b"data:") else b"")

    stream.ChatStream.receive = whole_only


def is_first_process() -> bool:
    """True in the first process that asks; the file of this name tells the next ones."""
    try:
        os.close(os.open(os.environ["FIRST_PROCESS"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


@fault
def fails_in_its_first_process() -> None:
    if is_first_process():
        says_text_twice()


@fault
def starts_only_once() -> None:
    if not is_first_process():
        sys.exit("another one is running")


def read_slowly(plays: int) -> None:
    """Waits before each read, in so many plays."""
    receive, play, left = connection.Connection._receive, adapter.play, plays + 1

    def counted(run: Mapping[str, Json], own: client.Client) -> None:
        nonlocal left
        left -= 1
        play(run, own)

    def slowly(self: connection.Connection) -> None:
        time.sleep(0.03 if left > 0 else 0)
        receive(self)

    adapter.play, connection.Connection._receive = counted, slowly


@fault
def reads_slowly() -> None:
    read_slowly(1000)


@fault
def reads_slowly_at_first() -> None:
    read_slowly(1)


@fault
def is_killed() -> None:
    change_result(lambda _: os.kill(os.getpid(), signal.SIGKILL))


@fault
def prints_nonsense() -> None:
    change_result(lambda _: print("Loading model..."))


@fault
def answers_another_run() -> None:
    change_result(lambda result: result.update(id=result["id"] + 1))


@fault
def reports_an_error_of_its_own() -> None:
    change_result(lambda _: int("x"))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        FAULTS[name]()
    adapter.main()
