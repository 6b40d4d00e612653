"""The wire under an ASGI request: what HTTP cannot say, said in bytes.  The one place that knows Hypercorn's insides.

`line.py` is the TCP connection alone; `wire.py` is what all have in common while a request is answered.  `direct.py` is
for connections that Hypercorn has not begun with, `asgi.py` for its own: `h1.py` and `h2.py` are what they speak,
`reach.py` finds them.
"""

from streamproof_mock.wire.direct import DirectWire
from streamproof_mock.wire.h1 import H1Wire
from streamproof_mock.wire.h2 import H2Wire
from streamproof_mock.wire.line import Gone, Line
from streamproof_mock.wire.muffled import Connections, Muffled
from streamproof_mock.wire.reach import WireUnreachable, wire_of
from streamproof_mock.wire.wire import Departure, Wire

__all__ = [
    "Connections",
    "Departure",
    "DirectWire",
    "Gone",
    "H1Wire",
    "H2Wire",
    "Line",
    "Muffled",
    "Wire",
    "WireUnreachable",
    "wire_of",
]
