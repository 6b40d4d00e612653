"""The pytest plugin: the fixture `streamproof_server`, the marker `streamproof`.

Nothing but pytest is imported here: the server, the catalogue and the judge are brought in by the first test that
asks for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from streamproof.pytest_plugin.fixture import StreamproofServer
    from streamproof.testing.server import Server

FIXTURE: Final = "streamproof_server"
MARKER: Final = "streamproof"
PROPERTY: Final = "streamproof"
"""Name of the property of a test (in JUnit reports, too) that says what its play came to."""

_HELP: Final = (
    'streamproof(*patterns, delivery="as-written"|"all"|[...], dialect=None, select=(), capabilities=(), strict=None, '
    "timeout=None, judge=True): run the test once for each case of the scenarios that match, as the case's id and "
    "delivery; streamproof_server then has the case's url and judges what the client said"
)


def pytest_configure(config: pytest.Config) -> None:
    """Registers the marker."""
    config.addinivalue_line("markers", _HELP)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Makes one test for each case that the marker names."""
    marker = metafunc.definition.get_closest_marker(MARKER)
    if marker is None:
        return
    if FIXTURE not in metafunc.fixturenames:
        message = f"{metafunc.definition.nodeid}: expected the argument {FIXTURE} in a test marked {MARKER}, found none"
        raise pytest.Collector.CollectError(f"{message}; add it, or take the marker away")
    from streamproof.pytest_plugin.selection import parameters  # noqa: PLC0415

    metafunc.parametrize(FIXTURE, parameters(marker, metafunc.config, metafunc.definition.nodeid), indirect=True)


@pytest.fixture(scope="session")
def _streamproof_thread(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One server for all tests of this process."""
    from streamproof.pytest_plugin.selection import folders  # noqa: PLC0415
    from streamproof.testing.server import Server  # noqa: PLC0415

    with Server(scenarios=folders(request.config)) as server:
        yield server


@pytest.fixture
def streamproof_server(request: pytest.FixtureRequest, _streamproof_thread: Server) -> Iterator[StreamproofServer]:
    """A mock server, and in a test marked `streamproof` the case that it plays to this test."""
    from streamproof.pytest_plugin.fixture import StreamproofServer  # noqa: PLC0415

    with StreamproofServer(_streamproof_thread, getattr(request, "param", None), request.node) as server:
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fails a marked test that ends well without having had its play judged: it would prove nothing."""
    yield
    server = getattr(item, "funcargs", {}).get(FIXTURE)
    if server is not None:
        server.must_be_judged()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Tells of the plays that warned: pytest itself knows no such thing."""
    told = [
        (report.nodeid, str(value))
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in getattr(report, "user_properties", ())
        if name == PROPERTY and str(value).startswith("warn")
    ]
    if told:
        terminalreporter.section(f"streamproof: {len(told)} warned", sep="-")
        for nodeid, value in sorted(told):
            terminalreporter.line(f"{nodeid}\n  {value}")
