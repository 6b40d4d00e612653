"""The mock server in tests of a client, in the test's own process: played, judged, told in five blocks.

For pytest there are a fixture and a marker (`streamproof.pytest_plugin`); this is what they stand on, and what serves
unittest and scripts.
"""

from __future__ import annotations

from streamproof.testing.outcome import CannotTell as CannotTell
from streamproof.testing.outcome import NotConforming as NotConforming
from streamproof.testing.play import Play as Play
from streamproof.testing.server import Address as Address
from streamproof.testing.server import Server as Server
