"""The certificates between our processes and Temporal's server: made at every start, readable by our account only."""

import datetime
import ssl
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infra.files import write_private

HOST = "127.0.0.1"
#: Made anew at every start; a system that runs longer than this must be started again.
_VALID = datetime.timedelta(days=3650)
CA, SERVER, CLIENT, CLIENT_KEY = "ca.pem", "server.pem", "client.pem", "client-key.pem"


def make_certificates(folder: Path) -> None:
    """Write an authority, a certificate of the server and one of its clients. The authority's key is kept nowhere."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("Gridloop", authority_key.public_key(), "Gridloop", authority_key, None)
    write_private(folder / CA, _pem(authority))
    for name, usage, file in (
        ("temporal", ExtendedKeyUsageOID.SERVER_AUTH, SERVER),
        ("gridloop", ExtendedKeyUsageOID.CLIENT_AUTH, CLIENT),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        content = _pem(_certificate(name, key.public_key(), "Gridloop", authority_key, usage))
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        if file == SERVER:
            write_private(folder / SERVER, content + secret)
        else:
            write_private(folder / CLIENT, content)
            write_private(folder / CLIENT_KEY, secret)


def _certificate(
    name: str,
    key: ec.EllipticCurvePublicKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    usage: x509.ObjectIdentifier | None,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=usage is None, path_length=0 if usage is None else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .add_extension(_key_usage(authority=usage is None), critical=True)
    )
    if usage is not None:
        names = [x509.IPAddress(ip_address(HOST)), x509.DNSName("localhost")]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority, key_cert_sign=authority, crl_sign=False, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def server_context(folder: Path) -> ssl.SSLContext:
    """Return what the gate serves with: it demands our client's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(folder / SERVER)
    context.load_verify_locations(folder / CA)
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def client_context(folder: Path) -> ssl.SSLContext:
    """Return what a client in Python connects with. Raises OSError when the files are missing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_cert_chain(folder / CLIENT, folder / CLIENT_KEY)
    context.load_verify_locations(folder / CA)
    return context


def client_environment(folder: Path) -> dict[str, str]:
    """Return the variables by which Temporal's clients connect, those of other languages as well."""
    return {
        "TEMPORAL_TLS": "true",
        "TEMPORAL_TLS_CLIENT_CERT_PATH": str(folder / CLIENT),
        "TEMPORAL_TLS_CLIENT_KEY_PATH": str(folder / CLIENT_KEY),
        "TEMPORAL_TLS_SERVER_CA_CERT_PATH": str(folder / CA),
        "TEMPORAL_TLS_SERVER_NAME": "localhost",
    }
