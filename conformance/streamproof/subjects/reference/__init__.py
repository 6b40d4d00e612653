"""The reference client: reads chat streams as the documents say, with the standard library only.

It judges the catalogue as much as the catalogue judges it, so it shares no code with `streamproof_formats`: what it
knows of bytes, events, chunks and HTTP is written here, straight from the documents.
"""
