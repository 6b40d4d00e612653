"""Serves a model with llama.cpp's own HTTP server: `python llama_server.py MODEL`; needs xllamacpp.

It takes a free port of 127.0.0.1, says its address in one line, and serves until its standard input ends.  A key in
the variable LLAMA_KEY is asked of clients.
"""

from __future__ import annotations

import os
import socket
import sys

import xllamacpp


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.port = free_port()
parameters.n_ctx, parameters.n_parallel, parameters.n_gpu_layers = 4 * 4096, 4, 0
parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
parameters.use_jinja = True
if os.environ.get("LLAMA_KEY"):
    parameters.api_keys = [os.environ["LLAMA_KEY"]]
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
sys.stdin.read()
os._exit(0)  # its threads do not end by themselves
