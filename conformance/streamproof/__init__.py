"""The harness: drives clients, probes endpoints, judges both by one book of rules."""

__version__ = "0.1.0"
