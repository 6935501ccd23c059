"""Servers that want encryption, certificates and passwords, and the clients that they refuse, or that refuse them."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from coodie_core.exceptions import AuthenticationFailed, DatabaseError, NoHostAvailable, TlsError
from coodie_testing import CertificateAuthority, Server
from coodie_testing.credentials import Credentials


class Refusal(NamedTuple):
    """A client that is refused, or refuses.

    Attributes:
        what: Why.
        server: The server, as the client sees it.
        error: What the client is told.
    """

    what: str
    server: Server
    error: type[DatabaseError]


class Servers(NamedTuple):
    """The servers of this module.

    Attributes:
        guarded: Wants encryption, certificates and passwords.
        expired: Has an expired certificate itself.
        other_host: Has the certificate of another host.
    """

    guarded: Server
    expired: Server
    other_host: Server


def refusals_of(servers: Servers) -> list[Refusal]:
    """Return all refusals that are tried."""
    guarded, authority = servers.guarded, servers.guarded.authority
    assert authority is not None
    wrong_password = replace(guarded, credentials=Credentials("coodie", "wrong"))
    no_password = replace(guarded, credentials=None)
    untrusted = replace(guarded, ssl_context=CertificateAuthority().client_context())
    no_certificate = replace(guarded, ssl_context=authority.client_context(certificate=None))
    expired_certificate = replace(guarded, ssl_context=authority.client_context(certificate="expired"))
    no_encryption = replace(guarded, ssl_context=None)
    return [
        Refusal("wrong password", wrong_password, AuthenticationFailed),
        Refusal("no password", no_password, AuthenticationFailed),
        Refusal("certificate of an authority that is not trusted", untrusted, TlsError),
        Refusal("no client certificate", no_certificate, TlsError),
        Refusal("expired client certificate", expired_certificate, TlsError),
        Refusal("no TLS to a server that wants it", no_encryption, NoHostAvailable),
        Refusal("expired certificate", servers.expired, TlsError),
        Refusal("certificate of another host", servers.other_host, TlsError),
    ]
