"""TLS for one connection of the raw-socket client, over bytes in memory: no socket, no clock.

The selector's loop stays as it is for plain connections: it sends what `outgoing` gives and hands over
what it has read. After the handshake, what was read lies undeciphered until there is time to parse it.
"""

from __future__ import annotations

import ssl

PLAIN_CHUNK = 65_536


class TlsError(Exception):
    """The handshake failed, or what came is no TLS; the message is a phrase."""


class AuthorityError(ValueError):
    """The file of authorities is none; the message is one sentence."""


def client_context(*, verify: bool, ca_file: str | None = None) -> ssl.SSLContext:
    """What all connections share: HTTP/1.1 by ALPN, certificates checked unless told otherwise.

    Raises:
        AuthorityError: `ca_file` cannot be read or holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as problem:
        why = problem.strerror or "it is no PEM file"
        raise AuthorityError(f"The certificates in {ca_file} cannot be used ({_lower(why)}).") from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


class TlsChannel:
    """One side of one TLS connection; the hello is made at once, before any clock runs."""

    __slots__ = ("_incoming", "_object", "_outgoing")

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self.shake()

    def shake(self, received: bytes = b"") -> bool:
        """Takes the handshake on by what was received; is it over?

        Raises:
            TlsError: it failed.
        """
        self._incoming.write(received)
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLCertVerificationError as problem:
            raise TlsError(f"the certificate was not accepted ({_lower(problem.verify_message)})") from None
        except ssl.SSLError as problem:
            raise TlsError(_phrase(problem)) from None
        return True

    def outgoing(self) -> bytes:
        """What must be sent now; empty if nothing."""
        return self._outgoing.read()

    def encipher(self, plain: bytes) -> bytes:
        """`plain` as it is to be sent, with all that must go before it."""
        self._object.write(plain)
        return self._outgoing.read()

    def decipher(self, received: bytes) -> list[bytes]:
        """What the received bytes say, in pieces; a last one that is empty says that the server closed.

        Raises:
            TlsError: it is no TLS, or was tampered with.
        """
        self._incoming.write(received)
        pieces: list[bytes] = []
        while not pieces or pieces[-1]:
            try:
                pieces.append(self._object.read(PLAIN_CHUNK))
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                pieces.append(b"")
            except ssl.SSLError as problem:
                raise TlsError(_phrase(problem)) from None
        return pieces


def _phrase(problem: ssl.SSLError) -> str:
    reason = _lower((problem.reason or "no reason given").replace("_", " "))
    return f"TLS failed ({reason})"


def _lower(text: str) -> str:
    return text.rstrip(".").lower()
