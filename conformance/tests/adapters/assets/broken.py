"""An adapter that keeps the protocol, except where it is told not to: `broken.py [FAULT]`, or by the request's `do`.

It makes its text out of nothing, so that no server is needed.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def say(type_, **fields):
    print(json.dumps({"type": type_, **fields}), flush=True)


def hello(**changes):
    known = {
        "protocol": 1, "client": "broken", "version": "1.2", "language": "python", "dialects": ["openai-chat"],
        "reports": "message", "capabilities": ["stop"],
    }  # fmt: skip
    say("hello", **{**known, **changes})


def good(run):
    for piece in ("Hel", "lo"):
        say("delta", id=run["id"], text=piece)
    say("result", id=run["id"], choices=[{"text": "Hello"}], pid=os.getpid())


def sleep():
    time.sleep(60)


def close_stdout():
    os.close(1)
    sleep()


def close_stdin(run):
    os.close(0)
    good(run)
    sleep()


def chatter(run):
    print("Using model gpt-4o", flush=True)
    good(run)


def flood(run):
    for _ in range(200):
        sys.stderr.write("noise " * 1000)
    sys.stderr.write("the last words")
    sys.stderr.flush()
    good(run)


def grandchild(run, then):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    say("delta", id=run["id"], text=str(child.pid))
    then()


def half_a_line():
    sys.stdout.write('{"type":"result","id":')
    sys.stdout.flush()
    os._exit(3)


def whole_without_its_end(run):
    sys.stdout.write(json.dumps({"type": "result", "id": run["id"], "choices": []}))
    sys.stdout.flush()
    os._exit(0)


def after_its_result(run):
    good(run)
    print("and another thing", flush=True)


def raises(run):
    say("delta", id=run["id"], text="Hel")
    raise RuntimeError("the client fell over")


def partial(run, then):
    say("delta", id=run["id"], text="Hel")
    print("so far so good", file=sys.stderr, flush=True)
    then()


DO = {
    "good": good,
    "hangs": lambda run: partial(run, sleep),
    "exits 7": lambda run: partial(run, lambda: os._exit(7)),
    "exits 0": lambda run: partial(run, lambda: os._exit(0)),
    "is killed": lambda run: partial(run, lambda: os.kill(os.getpid(), signal.SIGKILL)),
    "raises": raises,
    "half a line": lambda _run: half_a_line(),
    "whole line without its end": whole_without_its_end,
    "another id": lambda run: say("result", id=run["id"] + 1000, choices=[]),
    "two results": lambda run: (good(run), good(run)),
    "huge line": lambda run: say("delta", id=run["id"], text="x" * (65 << 20)),
    "prints beside": chatter,
    "empty line": lambda _run: print(flush=True),
    "wrong types": lambda run: say("result", id=run["id"], choices=[{"text": ["Hello"]}]),
    "no choices": lambda run: say("result", id=run["id"]),
    "an item": lambda run: say("item", id=run["id"], data={}),
    "second hello": lambda _run: hello(),
    "its own fault": lambda run: say("adapter_error", id=run["id"], message="no such model"),
    "its own fault without id": lambda _run: say("adapter_error", message="no such model"),
    "closes stdout": lambda run: partial(run, close_stdout),
    "closes stdin": close_stdin,
    "floods stderr": flood,
    "leaves a grandchild and dies": lambda run: grandchild(run, lambda: os._exit(1)),
    "leaves a grandchild and hangs": lambda run: grandchild(run, sleep),
    "leaves a grandchild": lambda run: grandchild(run, lambda: good(run)),
    "after its result": after_its_result,
    "environment": lambda run: say("result", id=run["id"], choices=[], environment=dict(os.environ)),
    "exits after its result": lambda run: (good(run), os._exit(0)),
}


def nonsense():
    print("Loading model...", flush=True)
    sleep()


def dies():
    print("ImportError: no module named openai", file=sys.stderr, flush=True)
    sys.exit(3)


def leaves_a_note():
    # As a wrapper script would: what it does to its children shows in the file.
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(sys.argv[2]).write_text(f"{os.getpid()} {child.pid}")
    hello()


AT_HELLO = {
    "hangs": sleep,
    "nonsense": nonsense,
    "dies": dies,
    "dies silently": lambda: os._exit(0),
    "another version": lambda: hello(protocol=2),
    "unknown reports": lambda: hello(reports="tokens"),
    "a result first": lambda: say("result", id=1),
    "closes stdout": close_stdout,
    "leaves a note": leaves_a_note,
}

fault = sys.argv[1] if len(sys.argv) > 1 else ""
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        AT_HELLO.get(fault, hello)()
    elif message["type"] == "run":
        DO[message["request"]["do"]](message)
    elif fault == "ignores bye":
        sleep()
    else:
        break
