"""Functions as clients."""

import asyncio
import json
import urllib.request


class APIError(Exception):
    status_code = 503
    code = "overloaded"


def yields(run):
    print("a print must not reach the protocol")
    yield "Hel"
    yield from ["lo"]


def yields_more(run):
    yield {"reasoning": "Hm"}
    yield {"text": "A", "choice": 1}
    yield {"text": "Hi"}
    yield {"finish_reason": "stop"}
    yield {"usage": {"input": 1, "output": 2}}


def returns_text(run):
    return f"{run['dialect']} {run['request']['model']}"


def returns_result(run):
    return {"choices": [{"text": "Hi", "finish_reason": "stop"}]}


def returns_nothing(run):
    pass


async def async_returns(run):
    await asyncio.sleep(0)
    return "Hello"


async def async_yields(run):
    task = asyncio.current_task()
    for piece in ("Hel", "lo"):
        yield piece
        await asyncio.sleep(0)
        assert asyncio.current_task() is task


def raises(run):
    raise APIError("try later")


def raises_late(run):
    yield "Hel"
    raise APIError("try later")


closed = []


def endless(run):
    try:
        while True:
            yield "more "
    finally:
        closed.append(True)


async def async_endless(run):
    try:
        while True:
            yield "more "
    finally:
        closed.append(True)


def was_closed(run):
    return str(len(closed))


def misuse(run):
    yield 3


def not_json(run):
    yield {"tool_calls": [{1, 2}]}


number = 3


def chat_at(url):
    body = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        for line in response:
            if line.startswith(b"data: {"):
                for choice in json.loads(line[6:])["choices"]:
                    if choice["delta"].get("content"):
                        yield choice["delta"]["content"]


def chat(run):
    yield from chat_at(run["url"])
