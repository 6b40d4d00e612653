"""A client for one case: `fresh.py WHAT [WORD...]`.  Under --plain its text is on standard output."""

import json
import os
import signal
import sys
import time

what, *words = sys.argv[1:]
result = {"choices": [{"text": "Hello", "finish_reason": "stop"}], "words": words}


def pieces(*given):
    for piece in given:
        sys.stdout.write(piece)
        sys.stdout.flush()
        time.sleep(0.02)


def line(value):
    print(json.dumps(value), flush=True)


match what:
    case "prints":
        pieces(*words)
    case "prints bytes":
        sys.stdout.buffer.write(bytes.fromhex(words[0]))
    case "fails":
        pieces(*words)
        sys.exit("openai.APIError: the server had an error")
    case "fails silently":
        sys.exit(4)
    case "hangs":
        pieces(*words)
        time.sleep(60)
    case "is killed":
        pieces(*words)
        os.kill(os.getpid(), signal.SIGSEGV)
    case "exits as a shell after a crash":
        sys.exit(139)
    case "environment":
        print(os.environ[words[0]])
    case "result":
        line({"type": "result", **result})
    case "result without type":
        line(result)
    case "result, then lingers":
        line(result)
        time.sleep(60)
    case "result, then exit 1":
        line(result)
        sys.exit(1)
    case "result, then crash":
        line(result)
        os.kill(os.getpid(), signal.SIGSEGV)
    case "two lines":
        line(result)
        line(result)
    case "prints beside":
        print("Using model gpt-4o")
        line(result)
    case "its own fault":
        line({"type": "adapter_error", "message": "no such model"})
    case "nothing":
        pass
    case "no choices":
        line({"text": "Hello"})
