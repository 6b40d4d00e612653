"""Certificates for this machine, made when a server starts: an authority and what it signs, for loopback names."""

from __future__ import annotations

import shutil
import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

NAMES: Final = ("localhost", "127.0.0.1", "::1")


class NoCertificates(Exception):  # noqa: N818
    """The library that makes them is not installed."""


class Certificates:
    """An authority of our own, and a server's certificate.  `close` removes what lies on disk.

    The keys stay in memory but for the moment in which OpenSSL reads one from a file of the user's own; what stays on
    disk, in a folder that only the user can read, is the certificate of the authority.
    """

    def __init__(self, host: str | None = None) -> None:
        """Makes them for the names of loopback, and for `host`.  Raises NoCertificates."""
        try:
            import trustme  # noqa: PLC0415  an extra, and slow to import
        except ImportError as error:
            message = "TLS needs the package trustme, which makes the certificates: pip install 'streamproof[tls]'"
            raise NoCertificates(message) from error
        authority = trustme.CA(organization_name="streamproof, made for one run")
        self._leaf = authority.issue_cert(*NAMES, *(() if host is None or host in NAMES else (host,)))
        self._folder = Path(tempfile.mkdtemp(prefix="streamproof-tls-"))
        path = self._folder / "ca.pem"
        authority.cert_pem.write_to_path(path)
        self.ca_file = str(path)
        """The authority's certificate (PEM), for clients to trust."""

    def context(self, protocols: Sequence[str]) -> ssl.SSLContext:
        """A server's context that offers these protocols by ALPN, the best first."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.set_alpn_protocols(list(protocols))
        self._leaf.configure_cert(made)
        return made

    def close(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
