"""Certificates for tests: an authority that issues them to nodes and clients, good ones and bad ones."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from coodie_testing.extras import untyped_module

Certificate = Literal["valid", "expired", "other_host"]

OTHER_HOST = "elsewhere.example"
CLIENT = "client.example"


class CertificateAuthority:
    """An authority made for one test, which nobody else trusts. It issues the certificates of nodes and clients.

    Needs the extra `tls`. A node with `NodeConfig(tls=...)` makes one for itself; `CassandraNode.authority` and
    `Server.authority` give it.

    Example:
        >>> authority = CertificateAuthority()
        >>> authority.client_context(certificate=None).check_hostname
        True
    """

    def __init__(self) -> None:
        self._authority: Any = untyped_module("trustme", extra="tls").CA()

    def __repr__(self) -> str:
        return "<CertificateAuthority>"

    @property
    def pem(self) -> str:
        """Its own certificate, which clients and nodes trust, in PEM."""
        return str(self._authority.cert_pem.bytes().decode())

    def client_context(self, *, certificate: Certificate | None = "valid") -> ssl.SSLContext:
        """What a client connects with: it trusts this authority, and wants the name of the host to be right.

        Args:
            certificate: The client's own: a valid or an expired one, or None for none.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.pem)
        if certificate is not None:
            self._issue(CLIENT, certificate).configure_cert(context)
        return context

    def unchecking_context(self) -> ssl.SSLContext:
        """What a client connects with that believes everything, and has a valid certificate itself."""
        context = self.client_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    def server_context(self, address: str) -> ssl.SSLContext:
        """What a server listens with: it asks clients for no certificate.

        Args:
            address: The name or address that clients call it by.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._issue(address, "valid").configure_cert(context)
        return context

    def server_pem(self, address: str, certificate: Certificate = "valid") -> str:
        """What Cassandra needs in its key store, in PEM: a private key, its certificate, and the authority's.

        Args:
            address: The name or address that clients call it by.
            certificate: A valid one, an expired one, or one that was issued to another host.
        """
        issued = self._issue(address, certificate)
        certificates = [chain.bytes().decode() for chain in issued.cert_chain_pems]
        return "".join([_as_pkcs8(issued.private_key_pem.bytes()), *certificates, self.pem])

    def _issue(self, name: str, certificate: Certificate) -> Any:
        host = OTHER_HOST if certificate == "other_host" else name
        now = datetime.now(UTC)
        end = now - timedelta(days=1) if certificate == "expired" else now + timedelta(days=30)
        return self._authority.issue_cert(host, not_before=now - timedelta(days=2), not_after=end)


def _as_pkcs8(private_key_pem: bytes) -> str:
    """The key in the only notation that Cassandra reads."""
    serialization = untyped_module("cryptography.hazmat.primitives.serialization", extra="tls")
    key = serialization.load_pem_private_key(private_key_pem, password=None)
    pem: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()
