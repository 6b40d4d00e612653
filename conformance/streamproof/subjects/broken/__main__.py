"""The adapter of a broken client: `python -m streamproof.subjects.broken FAULT`."""

from __future__ import annotations

import sys

from streamproof.subjects.broken.table import FAULTS
from streamproof.subjects.reference.__main__ import main as speak


def main() -> None:
    """Puts the fault in, then speaks the protocol as the reference client does."""
    fault = FAULTS.get(sys.argv[1]) if len(sys.argv) == 2 else None
    if fault is None:
        sys.exit(f"expected the name of one fault, one of: {', '.join(FAULTS)}")
    fault.install()
    speak()


if __name__ == "__main__":
    main()
