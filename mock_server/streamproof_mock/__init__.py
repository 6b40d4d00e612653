"""The mock server: Quart on Hypercorn on trio.  It performs plans on the wire, keeps a journal, knows no verdicts."""
