"""`streamproof inspect`: verdicts, the shape of its JSON, exit codes, hostile files."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from streamproof.__main__ import main

ENVELOPE = {"id": "c1", "object": "chat.completion.chunk", "created": 1764000000, "model": "m"}
DONE = b"data: [DONE]\n\n"
STREAM = b"Content-Type: text/event-stream\r\nCache-Control: no-store\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + STREAM + b"Transfer-Encoding: chunked\r\n\r\n"


def event(value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def chunk(*choices: Any, **more: Any) -> bytes:
    return event({**ENVELOPE, "choices": list(choices), **more})


def entry(delta: Any, finish: str | None = None, index: int = 0) -> dict[str, Any]:
    return {"index": index, "delta": delta, "finish_reason": finish}


START = chunk(entry({"role": "assistant", "content": ""}))
TEXT = chunk(entry({"content": "Hé"}))
STOP = chunk(entry({}, "stop"))
USAGE = chunk(usage={"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3})
GOOD = START + TEXT + STOP + DONE
TOOL = b"".join(
    [
        START,
        chunk(entry({"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]})),
        chunk(entry({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]})),
        chunk(entry({}, "tool_calls")),
        DONE,
    ]
)  # fmt: skip
FUNCTION = (
    START + chunk(entry({"function_call": {"name": "f", "arguments": "{}"}})) + chunk(entry({}, "function_call")) + DONE
)
REFUSAL = START + chunk(entry({"refusal": "I cannot."})) + STOP + DONE
ERROR = event({"error": {"message": "Overloaded", "type": "server_error", "code": None, "param": None}})
TWO = b"".join(chunk(entry({"role": "assistant", "content": "a"}, None, i)) for i in (0, 1))
TWO += b"".join(chunk(entry({}, "stop", i)) for i in (0, 1)) + DONE
FILTER = event({"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": []})
WORKERS = b'data: {"response":"Hi"}\n\ndata: {"response":" you"}\n\n' + DONE


def chunked(body: bytes, size: int = 50) -> bytes:
    pieces = [body[place : place + size] for place in range(0, len(body), size)]
    return CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def with_length(body: bytes, more: bytes = b"", announced: int | None = None) -> bytes:
    length = len(body) if announced is None else announced
    return OK + STREAM + more + b"Content-Length: %d\r\n\r\n" % length + body


class Told:
    """What one call of the command came to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rules(self) -> set[str]:
        return {finding["rule"] for finding in self.json["findings"]}


class Inspect:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def __call__(self, body: bytes, *arguments: str, dialect: str = "openai-chat", json: bool = True) -> Told:
        path = self.folder / "body"
        path.write_bytes(body)
        return self.run(str(path), "--dialect", dialect, *arguments, *(["--format", "json"] if json else []))

    def run(self, *arguments: str) -> Told:
        with pytest.raises(SystemExit) as exited:
            main(["inspect", *arguments])
        captured = self._capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Told(exited.value.code if isinstance(exited.value.code, int) else -1, captured.out, captured.err)


@pytest.fixture
def inspect(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Inspect:
    return Inspect(tmp_path, capsys)


# --- Verdicts


@pytest.mark.parametrize(
    ("body", "dialect", "verdict", "rules"),
    [
        (GOOD, "openai-chat", "pass", set()),
        (TOOL, "openai-chat", "pass", set()),
        (FUNCTION, "openai-chat", "pass", set()),
        (REFUSAL, "openai-chat", "pass", set()),
        (TWO, "openai-chat", "pass", set()),
        (START + TEXT + ERROR, "openai-chat", "pass", set()),
        (START + TEXT + STOP + USAGE + DONE, "openai-chat", "pass", set()),
        (WORKERS, "workers-ai", "pass", set()),
        (b"data: a\n\n", "sse", "pass", set()),
        (GOOD.replace(b"\n", b"\r\n"), "openai-chat", "warn", {"SSE-06"}),
        (b"\xef\xbb\xbf" + GOOD, "openai-chat", "warn", {"SSE-04"}),
        (START + TEXT + STOP, "openai-chat", "fail", {"OC-04"}),
        (START + TEXT + DONE, "openai-chat", "fail", {"OC-14"}),
        (GOOD + TEXT, "openai-chat", "fail", {"OC-05"}),
        (GOOD[:-1], "openai-chat", "fail", {"SSE-26", "OC-04"}),
        (START + b"data: {\n\n" + STOP + DONE, "openai-chat", "fail", {"OC-02"}),
        (GOOD.replace(b'"c1"', b'"c2"', 1), "openai-chat", "fail", {"OC-07"}),
        (b"data: \xff\n\n", "sse", "fail", {"SSE-02b"}),
        (b"", "openai-chat", "fail", {"OC-04"}),
    ],
)  # fmt: skip
def test_a_body_gets_its_verdict(inspect: Inspect, body: bytes, dialect: str, verdict: str, rules: set[str]) -> None:
    told = inspect(body, dialect=dialect)
    assert (told.json["verdict"], told.rules) == (verdict, rules)
    assert told.code == (1 if verdict == "fail" else 0)


def test_a_warning_fails_when_that_is_asked_for(inspect: Inspect) -> None:
    told = inspect(GOOD.replace(b"\n", b"\r\n"), "--strict")
    assert (told.code, told.json["verdict"]) == (1, "fail")


@pytest.mark.parametrize(
    ("request_body", "rules"),
    [
        ({}, set()),
        ({"n": 2}, {"OC-40"}),
        ({"stream_options": {"include_usage": True}}, {"OC-27"}),
        ({"tool_choice": "required"}, {"OC-37b"}),
        ({"stop": ["é"]}, {"OC-41"}),
    ],
)
def test_with_the_request_more_is_judged(inspect: Inspect, request_body: dict[str, Any], rules: set[str]) -> None:
    path = inspect.folder / "request.json"
    path.write_text(json.dumps({"model": "m", "messages": [], "stream": True, **request_body}), "utf-8")
    assert inspect(GOOD, "--request", str(path)).rules == rules
    assert "give it with --request" not in inspect(GOOD, "--request", str(path), json=False).out


# --- The shape of the JSON


def test_the_json_is_the_one_object_of_the_interface(inspect: Inspect) -> None:
    told = inspect(START + TEXT + STOP + USAGE + DONE).json
    assert set(told) == {"dialect", "http", "events", "message", "findings", "verdict"}
    assert (told["dialect"], told["http"], told["findings"]) == ("openai-chat", None, [])
    assert told["events"][0] == {
        "type": "message", "data": START[6:-2].decode(), "id": "", "start": 0, "end": len(START),
    }  # fmt: skip
    assert [e["start"] for e in told["events"][1:]] == [e["end"] for e in told["events"][:-1]]
    assert told["message"] == {
        "choices": [
            {
                "index": 0, "text": "Hé", "reasoning": None, "refusal": None, "finish_reason": "stop", "tool_calls": [],
                "function_call": None,
            }
        ],
        "usage": {"input": 2, "output": 1, "total": 3}, "error": None, "ended": "terminal",
    }  # fmt: skip


def test_calls_are_told_with_their_arguments_as_text(inspect: Inspect) -> None:
    (choice,) = inspect(TOOL).json["message"]["choices"]
    assert choice["tool_calls"] == [{"id": "a", "name": "f", "arguments": "{}"}]
    (choice,) = inspect(FUNCTION).json["message"]["choices"]
    assert choice["function_call"] == {"name": "f", "arguments": "{}"}


def test_a_finding_has_its_rule_and_its_place(inspect: Inspect) -> None:
    (finding,) = inspect(START + b"data: {\n\n" + STOP + DONE).json["findings"]
    assert finding.keys() == {"rule", "level", "basis", "message", "event", "start", "end"}
    assert (finding["rule"], finding["level"], finding["basis"], finding["event"]) == ("OC-02", "MUST", "TYPE", 1)
    assert (finding["start"], finding["end"]) == (len(START), len(START) + 9)


def test_the_base_layer_stops_at_events(inspect: Inspect) -> None:
    told = inspect(b"id: 1\ndata: a\ndata: b\n\n: c\n\ndata: d\n\n", dialect="sse").json
    assert told["message"] is None
    assert [(e["data"], e["id"]) for e in told["events"]] == [("a\nb", "1"), ("d", "1")]


@pytest.mark.parametrize(
    ("body", "ended"),
    [(GOOD, "terminal"), (START + ERROR, "error"), (START, "clean")],
)
def test_how_a_body_ended(inspect: Inspect, body: bytes, ended: str) -> None:
    assert inspect(body).json["message"]["ended"] == ended


def test_standard_input_is_read(inspect: Inspect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD)))
    assert inspect.run("-", "--dialect", "openai-chat", "--format", "json").json["verdict"] == "pass"


# --- Whole answers

GZIP = b"Content-Encoding: gzip\r\n"


@pytest.mark.parametrize(
    ("raw", "framing", "end", "ended", "rules"),
    [
        (chunked(GOOD), "chunked", "clean", "terminal", set()),
        (chunked(GOOD, 1), "chunked", "clean", "terminal", set()),
        (chunked(GOOD)[:-5], "chunked", "fin", "terminal", {"SSE-48"}),
        (chunked(GOOD)[:-200], "chunked", "fin", "cut", {"SSE-48", "SSE-26", "OC-04", "OC-14"}),
        (CHUNKED + b"zz\r\n", "chunked", "bad-framing", "cut", {"SSE-48", "OC-04"}),
        (OK + STREAM + b"\r\n" + GOOD, "close", "clean", "terminal", set()),
        (OK + STREAM + b"\r\n" + START + TEXT, "close", "clean", "clean", {"OC-04", "OC-14"}),
        (with_length(GOOD), "length", "clean", "terminal", {"SSE-43"}),
        (with_length(GOOD, announced=len(GOOD) + 9), "length", "fin", "terminal", {"SSE-43", "SSE-43b", "SSE-48"}),
        (OK + STREAM + GZIP + b"\r\n" + gzip.compress(GOOD), "close", "clean", "terminal", set()),
        (OK + STREAM + GZIP + b"\r\n" + b"no gzip", "close", "bad-framing", "cut", {"OC-04"}),
        (OK + STREAM + GZIP + b"\r\n" + gzip.compress(GOOD)[:-9], "close", "bad-framing", None, None),
        (OK.replace(b"1.1", b"1.0") + STREAM + b"\r\n" + GOOD, "close", "clean", "terminal", set()),
    ],
)  # fmt: skip
def test_a_whole_answer_is_read_as_it_came(
    inspect: Inspect, raw: bytes, framing: str, end: str, ended: str | None, rules: set[str] | None
) -> None:
    told = inspect(raw, "--http")
    http = told.json["http"]
    assert (http["status"], http["framing"], http["end"]) == (200, framing, end)
    assert ["content-type", "text/event-stream"] in http["headers"]
    if rules is not None:
        assert (told.json["message"]["ended"], told.rules) == (ended, rules)
    is_bad = end != "clean" or bool((rules or set()) - {"SSE-43"})
    assert told.code == int(is_bad)


@pytest.mark.parametrize(
    "raw",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Ty", b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00", GOOD, b"HTTP/1.1 abc\r\n\r\n"],
)
def test_what_is_no_http_fails_in_words(inspect: Inspect, raw: bytes) -> None:
    told = inspect(raw, "--http")
    assert told.code == 1
    assert told.json["http"]["status"] is None
    assert told.json["problem"].startswith("expected ")


def test_an_encoding_that_is_not_known_cannot_be_judged(inspect: Inspect) -> None:
    told = inspect(OK + STREAM + b"Content-Encoding: zstd\r\n\r\n(\xb5/\xfd", "--http")
    assert told.code == 3
    assert "found zstd" in told.err
    assert "hint: " in told.err


def test_a_bomb_is_not_unpacked(inspect: Inspect) -> None:
    bomb = gzip.compress(b": " + b"x" * (80 << 20), 1)
    told = inspect(OK + STREAM + GZIP + b"\r\n" + bomb, "--http", json=False)
    assert told.code == 1
    assert "expected a body of at most 67108864 bytes once decoded" in told.out


# --- Profiles


def test_a_profile_allows_what_it_documents(inspect: Inspect) -> None:
    body = FILTER + GOOD
    assert inspect(body).json["verdict"] == "fail"
    assert inspect(body, "--profile", "azure").json["verdict"] != "fail"
    assert inspect(body, "--profile", "vllm").json["verdict"] == "fail"


def test_the_profile_under_which_nothing_fails_is_named(inspect: Inspect) -> None:
    said = "no rule fails under the profile azure: choose it with --profile"
    assert said in inspect(FILTER + GOOD, json=False).out
    assert "no rule fails under" not in inspect(FILTER + GOOD + TEXT, json=False).out
    assert "no rule fails under" not in inspect(FILTER + GOOD, "--profile", "azure", json=False).out
    assert "no rule fails under" not in inspect(GOOD, json=False).out


OPENROUTER = START + event(
    {**ENVELOPE, "error": {"code": "server_error", "message": "m"}, "choices": [entry({"content": ""}, "error")]}
)
NUMBERED = START + event({"error": {"message": "m", "type": "t", "param": None, "code": 500}})


@pytest.mark.parametrize(
    ("body", "arguments", "names"),
    [
        (GOOD, [], None),
        (FILTER + GOOD, ["--profile", "azure"], None),
        (FILTER + GOOD, [], ["azure"]),
        (FILTER + GOOD + TEXT, [], []),
        (OPENROUTER, [], ["openrouter"]),
        (NUMBERED, [], ["openrouter", "vllm", "llama-cpp"]),
        (GOOD.replace(b"\n", b"\r\n"), [], []),
        (GOOD.replace(b"\n", b"\r\n"), ["--strict"], []),
        (START + TEXT + STOP + USAGE + DONE, ["--request", "REQUEST"], ["openrouter", "cloudflare"]),
    ],
    ids=[
        "passes",
        "profile given",
        "azure",
        "not even azure",
        "openrouter",
        "error number",
        "warns",
        "strict",
        "request",
    ],
)
def test_the_json_names_the_profiles_under_which_a_stream_would_pass(
    inspect: Inspect, body: bytes, arguments: list[str], names: list[str] | None
) -> None:
    request = inspect.folder / "request"
    request.write_text('{"model": "m", "messages": [], "stream": true}')
    told = inspect(body, *(str(request) if word == "REQUEST" else word for word in arguments))
    assert told.json.get("passes_under") == names


# --- Limits


@pytest.mark.parametrize(
    ("body", "arguments", "says"),
    [
        (GOOD + TEXT * 40, ["--max-size", "4k"], "the recording is longer than the 4096 bytes that are read"),
        (GOOD + b":" * 5000, ["--max-line", "4k"], "is longer than the 4096 bytes allowed"),
        (GOOD + b"data: x\n" * 900, ["--max-event", "1K"], "is longer than the 1024 bytes allowed"),
        (
            CHUNKED + b"5000\r\n" + b"x" * 5000,
            ["--http", "--max-size", "4kB"],
            "longer than the 4096 bytes that are read",
        ),
        (OK + b"x: " * 9000, ["--http", "--max-size", "4k"], "the recording is longer than the 4096 bytes"),
        (
            OK + STREAM + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(GOOD * 40),
            ["--http", "--max-decoded", "4k"],
            "expected a body of at most 4096 bytes once decoded, found more",
        ),
    ],
    ids=["size", "line", "event", "body of an answer", "head of an answer", "decoded"],
)
def test_each_limit_is_set_by_an_option_and_told_when_it_is_passed(
    inspect: Inspect, body: bytes, arguments: list[str], says: str
) -> None:
    told = inspect(body, *arguments)
    assert told.code == 1
    assert says in told.json["problem"]
    assert not {finding["rule"] for finding in told.json["findings"]} & {"SSE-48", "SSE-26", "OC-04"}
    assert says in inspect(body, *arguments, json=False).out
    usual = [word for word in arguments if word == "--http"]
    assert "bytes that are read" not in inspect(body, *usual, json=False).out


def test_events_beyond_those_that_are_printed_are_judged_and_counted(inspect: Inspect) -> None:
    body = START + TEXT * 10 + STOP + DONE
    told = inspect(body, "--max-events", "3")
    assert [len(told.json["events"]), told.json["events_left_out"], told.json["verdict"]] == [3, 10, "pass"]
    assert told.json["message"]["choices"][0]["text"] == "Hé" * 10
    assert "events_left_out" not in inspect(body).json
    assert "openai-chat: 13 events" in inspect(body, json=False).out


@pytest.mark.parametrize("value", ["0", "-1", "many", "1T", "1.5M", ""])
def test_a_size_that_is_none_exits_2(inspect: Inspect, value: str) -> None:
    told = inspect(GOOD, "--max-size", value)
    assert told.code == 2
    assert "expected a number of bytes such as 1048576, 64k, 64M or 1G" in told.err


def test_a_body_without_end_is_read_as_far_as_the_limit(inspect: Inspect, monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            buffer[:] = (b"data:x\n\n" * (len(buffer) // 8 + 1))[: len(buffer)]
            return len(buffer)

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
    told = inspect.run("-", "--dialect", "openai-chat", "--max-size", "64k")
    assert told.code == 1
    assert "the recording is longer than the 65536 bytes that are read" in told.out


# --- What a person sees


def test_a_stranger_sees_what_came_what_is_wrong_where_and_what_to_read(inspect: Inspect) -> None:
    body = START + TEXT + STOP
    out = inspect(body + TEXT.replace(b"c1", b"c9"), json=False).out.splitlines()
    assert out[0] == f"openai-chat: 4 events, {len(body) + len(TEXT)} bytes"
    assert '  choice 0 text: "H\\u00e9H\\u00e9"' in out
    (line,) = [line for line in out if line.startswith("  fail  OC-07   MUST       DOC    expected the same id")]
    assert line.endswith(f"(event 3, bytes {len(body)}-{len(body) + len(TEXT)})")
    assert out[-1].startswith("fail: OC-07, OC-04   (what a rule says: streamproof explain OC-07)")


def test_nothing_from_the_wire_moves_the_cursor(inspect: Inspect) -> None:
    evil = "\x1b[2J\x07\u202e\u2028"
    body = chunk(entry({"role": evil, "content": evil}, "x"), id=evil) + START + event(evil) + b"data: \x1b[2J\n\n"
    out = inspect(body, json=False).out + inspect(body).out
    assert not set(out) & {"\x1b", "\x07", "\u202e", "\u2028"}


def test_a_whole_answer_that_is_taken_for_a_body_is_told(inspect: Inspect) -> None:
    assert "judge it as one with --http" in inspect(chunked(GOOD), json=False).out
    assert "judge it as one with --http" not in inspect(chunked(GOOD), "--http", json=False).out


# --- Hostile and wrong


def test_a_line_of_50_mb_ends_in_a_verdict(inspect: Inspect) -> None:
    told = inspect(b"data: " + b"x" * 50_000_000 + b"\n\n", json=False)
    assert told.code == 1
    assert len(told.out) < 2000


@pytest.mark.parametrize(
    "body", [b"\0" * 1000, b"data: \0\n\n", b"\xff\xfe" * 500, bytes(range(256)) * 4, b"data: " + b"[" * 100_000 + b"\n\n"]
)  # fmt: skip
@pytest.mark.parametrize("arguments", [(), ("--http",)])
@pytest.mark.parametrize("dialect", ["openai-chat", "workers-ai", "sse"])
def test_any_bytes_end_in_a_verdict(inspect: Inspect, body: bytes, arguments: tuple[str, ...], dialect: str) -> None:
    told = inspect(body, *arguments, dialect=dialect)
    assert told.json["verdict"] in {"pass", "warn", "fail"}
    assert told.code in {0, 1}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["/no/such/file", "--dialect", "openai-chat"], "/no/such/file: cannot be read: No such file"),
        ([".", "--dialect", "openai-chat"], ".: cannot be read: Is a directory"),
        (["BODY", "--dialect", "openai-chat", "--request", "/no/such/file"], "--request /no/such/file: cannot be read"),
        (["BODY", "--dialect", "openai-chat", "--request", "BODY"], "expected the JSON body that was sent"),
        (["BODY", "--dialect", "openai-chat", "--request", "LIST"], "expected a JSON object, found list"),
        (["BODY", "--dialect", "openai-chat", "--request", "DEEP"], "expected the JSON body that was sent"),
        (["BODY", "--dialect", "klingon"], "'klingon' is not"),
        (["BODY", "--dialect", "openai-chat", "--profile", "klingon"], "'klingon' is not"),
        (["BODY"], "--dialect"),
    ],
)
def test_a_users_mistake_exits_2(inspect: Inspect, arguments: list[str], says: str) -> None:
    files = {"BODY": GOOD, "LIST": b"[]", "DEEP": b"[" * 200_000}
    for name, data in files.items():
        (inspect.folder / name).write_bytes(data)
    told = inspect.run(*(str(inspect.folder / word) if word in files else word for word in arguments))
    assert told.code == 2
    assert says in told.err
    assert told.out == ""
