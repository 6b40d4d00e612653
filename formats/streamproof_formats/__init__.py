"""The documented stream formats as code: SSE, dialects, rules, schemas.  Bytes and values in, values out.

Nothing here opens a socket, reads a clock or knows an event loop.
"""
