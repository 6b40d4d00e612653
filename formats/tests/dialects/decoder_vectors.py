"""Vectors for decoders of server-sent events: the rule that each is about, bytes, and what they must become."""

from __future__ import annotations

Read = tuple[str, str, str]
"""An event: its type, its data, the last event ID."""

VECTORS: list[tuple[str, bytes, list[Read]]] = [
    ("SSE-01", "data: 你好 😀\n\n".encode(), [("message", "你好 😀", "")]),
    ("SSE-02", b"data: a\xffb\n\n", [("message", "a\ufffdb", "")]),
    ("SSE-02", b"data: \xe2\x80\ndata: \xa8\n\n", [("message", "\ufffd\n\ufffd", "")]),
    ("SSE-02", b"data: \xed\xa0\x80\xf0\x90\x80\xc0\x80\n\n", [("message", "\ufffd" * 6, "")]),
    ("SSE-02b", b"data: \xf0\x9f\n\ndata: \x98\x80\n\n", [("message", "\ufffd", ""), ("message", "\ufffd\ufffd", "")]),
    ("SSE-03", b"\xef\xbb\xbfdata: x\n\n", [("message", "x", "")]),
    ("SSE-03", b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\ndata: y\n\n", [("message", "y", "")]),
    ("SSE-03", b"data: x\n\n\xef\xbb\xbfdata: y\n\n", [("message", "x", "")]),
    ("SSE-03", b"data: \xef\xbb\xbfx\n\n", [("message", "\ufeffx", "")]),
    ("SSE-03", b"\xef\xbb", []),
    ("SSE-05", b"data: a\r\ndata: b\rdata: c\n\r\n", [("message", "a\nb\nc", "")]),
    ("SSE-05", b"data: a\r\rdata: b\n\ndata: c\r\n\r\n",
        [("message", "a", ""), ("message", "b", ""), ("message", "c", "")]),
    ("SSE-05", b"data: a\n\rdata: b\r\n\n", [("message", "a", ""), ("message", "b", "")]),
    ("SSE-05", b"data: a\r\r\n\r\ndata: b\r\r", [("message", "a", ""), ("message", "b", "")]),
    ("SSE-05", b"data: a\r\n\r", [("message", "a", "")]),
    ("SSE-07", "data: a\x0bb\x0cc\x85d\u2028e\u2029f\0g\x1eh\n\n".encode(),
        [("message", "a\x0bb\x0cc\x85d\u2028e\u2029f\0g\x1eh", "")]),
    ("SSE-10", b": c\ndata: a\n:\ndata: b\n:data: c\n\n", [("message", "a\nb", "")]),
    ("SSE-10", b": ping\n\n", []),
    ("SSE-11", b"data: a:b: c\n\n", [("message", "a:b: c", "")]),
    ("SSE-12", b"data:  x\n\ndata:x\n\ndata:\tx\n\n",
        [("message", " x", ""), ("message", "x", ""), ("message", "\tx", "")]),
    ("SSE-14", b"data\n\nevent\ndata: x\n\n", [("message", "", ""), ("message", "x", "")]),
    ("SSE-15", b"Data: x\n data: y\ndata : z\n\n", []),
    ("SSE-16", b"foo: x\ndata: y\nbar\n\n", [("message", "y", "")]),
    ("SSE-17", b"data: a\ndata\ndata: b\n\n", [("message", "a\n\nb", "")]),
    ("SSE-18", b"event: a\nevent: b\ndata: x\n\nevent: a\nevent:\ndata: y\n\n", [("b", "x", ""), ("message", "y", "")]),
    ("SSE-19", b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
        [("message", "a", "1"), ("message", "b", "1"), ("message", "c", "")]),
    ("SSE-19", b"id: 1\ndata: a\n\nid: 2\x003\ndata: b\n\n", [("message", "a", "1"), ("message", "b", "1")]),
    ("SSE-21", b"id: 1\n\ndata: a\n\n", [("message", "a", "1")]),
    ("SSE-21b", b"event: x\ndata: a\nid: 1\n\ndata: b\n\n", [("x", "a", "1"), ("message", "b", "1")]),
    ("SSE-21c", b"retry: 1\n\nevent: x\n\ndata: b\n\n", [("message", "b", "")]),
    ("SSE-22", b"event: x\n\ndata: a\n\n", [("message", "a", "")]),
    ("SSE-23", b"data\ndata\n\ndata:\n\ndata: a\ndata:\ndata: b\n\n",
        [("message", "\n", ""), ("message", "", ""), ("message", "a\n\nb", "")]),
    ("SSE-24", b"id: 1\nevent: x\ndata: a\n\ndata: b\n\n", [("x", "a", "1"), ("message", "b", "1")]),
    ("SSE-24", b"event: x\ndata: a\n\ndata: b\n\n", [("x", "a", ""), ("message", "b", "")]),
    ("SSE-25", b"data: a\n\ndata: b\n", [("message", "a", "")]),
    ("SSE-25", b"data: a\n\ndata: b", [("message", "a", "")]),
    ("SSE-26", b"data: a\ndata: b\n\n", [("message", "a\nb", "")]),
    ("SSE-05", b"\n\n\r\r\n\ndata: a\n\n\n\n", [("message", "a", "")]),
    ("SSE-09", b"", []),
    ("SSE-09", "event: é\r\ndata: 你\r\n\r\n".encode(), [("é", "你", "")]),
]  # fmt: skip

STATES: list[tuple[str, bytes, str, int | None]] = [
    ("SSE-20", b"retry: 1500\n\n", "", 1500),
    ("SSE-20", b"retry: 0010\n\nretry: 1500x\n\nretry: -5\n\nretry: 1 \n\nretry: \xd9\xa1\n\n", "", 10),
    ("SSE-20", b"retry: " + b"9" * 5000 + b"\n\n", "", 10**18),
    ("SSE-20", b"retry: 5\n", "", 5),
    ("SSE-20b", b"retry: 7\n\nretry\n\nretry:\n\n", "", 7),
    ("SSE-21", b"id: 1\n\n", "1", None),
    ("SSE-21", b"id: 1\n\nid: 2\n", "1", None),
]
"""The last event ID string and the reconnection time in milliseconds after these bytes."""
