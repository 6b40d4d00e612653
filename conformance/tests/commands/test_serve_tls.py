"""`serve --tls`, as a process: addresses and authority are said, work, and are gone at the end."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamproof.adapters.spec import own_python

Call = Callable[..., Any]


def test_clients_that_trust_the_authority_are_served_until_the_server_stops() -> None:
    command = [sys.executable, "-m", "streamproof", "serve", "--port", "0", "--tls", "plain/usage"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **own_python()})
    try:
        assert process.stdout is not None
        said = ""
        while "SSL_CERT_FILE" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        ca_file = Path(re.findall(r"SSL_CERT_FILE=(\S+)", said)[0])
        context = ssl.create_default_context(cafile=ca_file)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        urls = re.findall(r"https://[0-9.:]+", said)
        for url in urls:
            with opener.open(f"{url}/v1/models", timeout=5) as answer:
                assert json.load(answer)["object"] == "list"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert len(urls) == 2
    assert not ca_file.exists()


def test_a_port_for_tls_without_tls_is_a_mistake(call: Call) -> None:
    found = call("serve", "--tls-port", "4433")
    assert (found.code, "give it with --tls" in found.err) == (2, True)
