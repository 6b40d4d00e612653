"""Clients under test, behind one interface: long-lived adapters, fresh processes, plain scripts, Python functions.

`spec` says what to start, `process.open_client` starts it, `said` is what comes back.
"""
