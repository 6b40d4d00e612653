"""What a dialect's module hands to the registry: its value and how its streams and errors are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamproof_formats.dialect import Dialect, Json, Machine
    from streamproof_formats.message import StreamError
    from streamproof_formats.profiles import Profile


class MakesMachine(Protocol):
    """Makes the machine of one stream."""

    def __call__(self, *, request: Json | None, profile: Profile) -> Machine:
        """The machine, for a request (None where it is not known) and under a profile."""


def streams_unless_false(request: Json) -> bool:
    """True unless the request says `stream: false`: a stream is what is judged, so it is taken to be asked for."""
    return not isinstance(request, Mapping) or request.get("stream") is not False


@attrs.frozen(kw_only=True)
class Speech:
    """One spoken dialect."""

    dialect: Dialect
    machine: MakesMachine
    read_error: Callable[[Json], StreamError]
    """Reads the JSON body of an answer of status 400 and above, whatever it holds."""
    asks_for_stream: Callable[[Json], bool] = streams_unless_false
    """Tells of a request's body whether it asks for a stream."""
