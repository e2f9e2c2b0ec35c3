"""Whom a verifier believes on an encrypted connection."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from keyturn_verify import KeysUnavailable, Verifier
from tests.verifier.issuer import AUDIENCE, Issuer
from tests.verifier.served import Server


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine that nobody else has signed."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=127.0.0.1")
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "both.pem"
    path.write_bytes(private + made.public_bytes(pem))
    return path


@pytest.fixture
def encrypted(issuer: Issuer, certificate: Path) -> Iterator[Issuer]:
    server = Server(issuer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    issuer.url = issuer.url.replace("http:", "https:")
    yield issuer
    server.close()


def test_a_certificate_that_nobody_knows_is_not_believed(encrypted: Issuer) -> None:
    verifier = Verifier(encrypted.url, AUDIENCE, wall=lambda: encrypted.clock.wall)
    with verifier, pytest.raises(KeysUnavailable):
        verifier.verify(encrypted.token())
    assert encrypted.asked == []


def test_an_authority_of_ones_own_is_believed_when_it_is_named(encrypted: Issuer, certificate: Path) -> None:
    context = ssl.create_default_context(cafile=certificate)
    with Verifier(encrypted.url, AUDIENCE, ssl_context=context, wall=lambda: encrypted.clock.wall) as verifier:
        assert verifier.verify(encrypted.token()).key_id == "kt_KEY"
