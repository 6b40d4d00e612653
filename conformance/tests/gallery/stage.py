"""Setting the clients of `clients/` up and playing them the catalogue, once for all tests.

What a client needs and this machine lacks skips its tests with the reason.
"""

from __future__ import annotations

import time
from functools import cached_property
from pathlib import Path
from typing import Final

import attrs
import pytest
import trio

from streamproof.adapters.client_file import load_client_file
from streamproof.adapters.needs import find_missing
from streamproof.adapters.spec import ClientSpec
from streamproof.errors import CannotJudge
from streamproof.gallery.playing import play_catalogue
from streamproof.gallery.row import Row
from streamproof.gallery.setting_up import needs_setup, set_up
from streamproof.gallery.verdicts import read_verdicts
from streamproof.running.job import Job, jobs_of
from streamproof_mock.server import serving
from streamproof_scenarios.catalogue import Catalogue

LIMIT_S: Final = 1200.0
"""All clients together."""

GALLERY: Final = Path(__file__).parents[3] / "clients"
SPECS: Final = {spec.label: spec for file in sorted(GALLERY.glob("*/client.yaml")) for spec in load_client_file(file)}


@attrs.define(slots=False)
class Stage:
    """The clients that are set up, and what they were seen to do."""

    until_s: float = attrs.field(factory=lambda: time.monotonic() + LIMIT_S)
    lacking: dict[str, str | None] = attrs.field(factory=dict)
    rows: dict[tuple[str, int], Row] = attrs.field(factory=dict)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The scenarios."""
        return Catalogue.load()

    def prepare(self, label: str) -> ClientSpec:
        """Sets the client up in its place, unless it is."""
        spec = SPECS[label]
        if spec.name not in self.lacking:
            self.lacking[spec.name] = _set_up(spec)
        reason = self.lacking[spec.name]
        if reason is not None:
            pytest.skip(reason)
        return spec

    def play(self, label: str, turn: int = 1) -> Row:
        """The client's row; another `turn` plays anew."""
        spec = self.prepare(label)
        if (label, turn) not in self.rows:
            jobs = list(jobs_of(self.catalogue.scenarios, ()))
            self.rows[label, turn] = trio.run(_played, spec, jobs, self.until_s - time.monotonic())
        return self.rows[label, turn]


async def _played(spec: ClientSpec, jobs: list[Job], left_s: float) -> Row:
    # A failure that is kept costs a fresh process to confirm, and that says nothing new.
    kept = (line for line in read_verdicts(spec) if line.entry == spec.entry and line.verdict == "fail")
    known = frozenset((line.case, line.delivery) for line in kept)
    with trio.move_on_after(max(0.0, left_s)):
        async with serving() as server:
            return await play_catalogue(server, spec, jobs, unconfirmed=known)
    pytest.fail(f"the clients together took more than {LIMIT_S:.0f} s; {spec.label} was not done")


def _set_up(spec: ClientSpec) -> str | None:
    """What keeps the client from running here, if anything."""
    missing = trio.run(find_missing, spec)
    if needs_setup(spec) and (missing is None or "not set up" in missing.reason):
        try:
            set_up(spec)
        except CannotJudge as error:
            return error.message
        missing = trio.run(find_missing, spec)
    return None if missing is None else f"{spec.name}: {missing.reason}"
