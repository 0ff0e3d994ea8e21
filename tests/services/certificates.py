"""A certificate for 127.0.0.1 and localhost, so that TLS is tested as it is used: verified."""

import ipaddress
import secrets
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ADDRESSES = x509.SubjectAlternativeName(
    [x509.DNSName("localhost"), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that signs itself: whoever trusts `certificate` may verify the server that shows it."""

    certificate: Path
    key: Path

    @classmethod
    def self_signed(cls, folder: Path, *, expired: bool = False) -> Self:
        """Make one in *folder*, valid for a day on each side of the real present, or only until an hour
        ago."""
        folder.mkdir(parents=True, exist_ok=True)
        # A name of its own: whoever trusts two of them looks them up by it.
        common_name = f"localhost {secrets.token_hex(4)}"
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
        key = ec.generate_private_key(ec.SECP256R1())
        today = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(today - timedelta(days=1))
            .not_valid_after(today + (timedelta(hours=-1) if expired else timedelta(days=1)))
            .add_extension(ADDRESSES, critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        paths = cls(folder / "certificate.pem", folder / "key.pem")
        paths.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        paths.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        paths.key.chmod(0o600)
        return paths

    def server_context(self) -> ssl.SSLContext:
        """What a server shows."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def client_context(self, *others: Self) -> ssl.SSLContext:
        """A client that trusts this certificate and these others only."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        for other in others:
            context.load_verify_locations(str(other.certificate))
        return context

    def take_over(self, context: ssl.SSLContext) -> None:
        """Let a server that is running show this one from its next connection on."""
        context.load_cert_chain(self.certificate, self.key)
