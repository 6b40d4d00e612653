"""The wire under an ASGI request: what HTTP cannot say, said in bytes.  The one place that knows Hypercorn's insides.

`wire.py` is what all connections have in common; `h1.py` and `h2.py` are what they speak; `reach.py` finds them.
"""

from streamproof_mock.wire.h1 import H1Wire
from streamproof_mock.wire.h2 import H2Wire
from streamproof_mock.wire.muffled import Connections
from streamproof_mock.wire.reach import WireUnreachable, wire_of
from streamproof_mock.wire.wire import Departure, Gone, Wire

__all__ = ["Connections", "Departure", "Gone", "H1Wire", "H2Wire", "Wire", "WireUnreachable", "wire_of"]
