"""The certificate of servers with TLS: made on the spot by trustme, for loopback names, once per run.

Clients that check have its authority in `ca_file`. A browser is told to trust this one key and nothing
else: all other certificates are checked as ever, and for this one the HTTP cache and HTTP/2 work as
with a certificate that checks, which `--ignore-certificate-errors` would change.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("trustme",)
NAMES = ("localhost", "*.localhost", "127.0.0.1", "::1")
TRUST_SWITCH = "--ignore-certificate-errors-spki-list"
"""Takes effect with a user-data-dir only (services/network/ignore_errors_cert_verifier.cc), which
Playwright gives every browser."""
TRUSTED = (
    f"The browser was told to trust the key of the test server's own certificate ({TRUST_SWITCH}); "
    "all other certificates are checked as ever."
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Three PEM files in a folder of the household, where the private key goes with it.

    `spki_sha256` is the key's fingerprint: SHA-256 of its SubjectPublicKeyInfo, in base64 (RFC 7469).
    """

    ca_file: Path
    chain_file: Path
    key_file: Path
    spki_sha256: str

    @property
    def switch(self) -> str:
        """What makes Chromium trust it."""
        return f"{TRUST_SWITCH}={self.spki_sha256}"


def can_be_made() -> bool:
    """Whether the package that makes it is installed."""
    return all(find_spec(package) is not None for package in PACKAGES)


def make(folder: Path) -> Certificate:
    """A new authority and a certificate that it signed, in `folder`, which exists and is the household's."""
    import trustme  # noqa: PLC0415 - an extra
    from cryptography import x509  # noqa: PLC0415 - comes with trustme
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    authority = trustme.CA()
    issued = authority.issue_cert(*NAMES)
    ca_file, chain_file, key_file = folder / "ca.pem", folder / "server.pem", folder / "server.key"
    authority.cert_pem.write_to_path(ca_file)
    for part in issued.cert_chain_pems:
        part.write_to_path(chain_file, append=True)
    key_file.touch(mode=0o600)
    issued.private_key_pem.write_to_path(key_file)
    public = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes()).public_key()
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Certificate(
        ca_file, chain_file, key_file, base64.b64encode(hashlib.sha256(spki).digest()).decode()
    )
