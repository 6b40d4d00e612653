"""A server for tests: started in a thread, with the catalogue at hand."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs

from streamproof.errors import StreamproofError
from streamproof.running.book import ScenarioBook
from streamproof.running.job import Job
from streamproof.running.play import API_KEY
from streamproof.testing.play import Play
from streamproof.testing.terms import Terms
from streamproof_formats.dialects import DIALECTS
from streamproof_mock.journal import Journal
from streamproof_mock.thread import ServerThread
from streamproof_scenarios.catalogue import Catalogue
from streamproof_scenarios.compiler import case_hash
from streamproof_scenarios.delivery import delivery_problem
from streamproof_scenarios.model import Case


@attrs.frozen(kw_only=True)
class Address:
    """Where and what to send."""

    base_url: str
    """What the dialect's official SDK takes."""
    url: str
    """The whole address of the streaming call."""
    api_key: str
    request: Mapping[str, Any]
    """A whole request body."""


class Server:
    """`with Server() as server:` runs a mock server; `server.play(ID)` has a scenario played and judged."""

    def __init__(self, *, scenarios: Iterable[str | Path] = (), api_key: str | None = None) -> None:
        """`scenarios` are folders of your own; `api_key` makes keys matter for the well-behaved endpoint."""
        self._folders = tuple(str(folder) for folder in scenarios)
        self._api_key = api_key
        self._thread: ServerThread | None = None

    def start(self) -> Self:
        """Starts it; returns once it listens."""
        self._thread = ServerThread(api_key=self._api_key, book=LazyBook(self)).start()
        return self

    def stop(self) -> None:
        """Stops it, whatever it is playing."""
        if self._thread is not None:
            self._thread.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:41873`: the well-behaved endpoint of every dialect is there."""
        return self.thread.url

    @property
    def journal(self) -> Journal:
        """What the server saw and did, of all plays."""
        return self.thread.journal

    @property
    def thread(self) -> ServerThread:
        """The server itself."""
        if self._thread is None:
            raise RuntimeError("this server is not running: start it, or use it as a context manager")
        return self._thread

    @cached_property
    def catalogue(self) -> Catalogue:
        """The shipped scenarios, and those of your folders."""
        return Catalogue.load(*(Path(folder) for folder in self._folders))

    def well_behaved(self, dialect: str = "openai-chat") -> Address:
        """The endpoint that does all as documented."""
        if dialect not in DIALECTS:
            raise StreamproofError(f"expected one of {', '.join(DIALECTS)}, found {dialect!r}")
        spoken = DIALECTS[dialect]
        return Address(
            base_url=self.origin + spoken.base_path,
            url=self.origin + spoken.target(),
            api_key=self._api_key or API_KEY,
            request=dict(spoken.request),
        )

    def play(self, name: str, *, dialect: str | None = None, delivery: str = "as-written", **terms: Any) -> Play:
        """Lays a scenario out, for one client to be sent to: `name` is the id of a scenario or of a case.

        `dialect` chooses where a scenario names several.  `terms` are those of `Terms`: `capabilities`, `strict`, ...
        Raises StreamproofError for what there is not.
        """
        problem = delivery_problem(delivery)
        if problem is not None:
            raise StreamproofError(f"delivery {delivery!r}: {problem}")
        case = self._case(name, dialect)
        job = Job(case=case, delivery=delivery, hash=case_hash(case.id, delivery))
        return self.lay_out(job, Terms.of(terms))

    def lay_out(self, job: Job, terms: Terms | None = None) -> Play:
        """Lays a job out."""
        return Play(self.thread, job, terms or Terms(), folders=self._folders)

    def _case(self, name: str, dialect: str | None) -> Case:
        found = self.catalogue.find(name)
        if found is None or found.rest:
            near = difflib.get_close_matches(name, [case.id for case in self.catalogue.cases], n=3)
            hint = f"near: {', '.join(near)}" if near else "run `streamproof list` for the ids"
            raise StreamproofError(f"no scenario is called {name!r}", hint)
        spoken = [case for case in found.cases if dialect in (None, case.dialect)]
        if len(spoken) == 1:
            return spoken[0]
        several = "several cases" if spoken else f"no case in {dialect}"
        raise StreamproofError(
            f"{name!r} is a scenario of {several}", f"name one: {', '.join(case.id for case in found.cases)}"
        )


class LazyBook:
    """The scenarios that may be asked for by name; none is read before one is."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @cached_property
    def _book(self) -> ScenarioBook:
        return ScenarioBook(self._server.catalogue.scenarios)

    def ids(self) -> list[str]:
        """All ids."""
        return self._book.ids()

    def find(self, text: str, dialects: Any, delivery: str | None = None) -> Any:
        """The plan of a name."""
        return self._book.find(text, dialects, delivery)
