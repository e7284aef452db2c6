"""TLS towards one peer: the authority that a connection names, and the certificate by which we say who we are."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

from flov7.kit.errors import StepRefused
from flov7.primitives.declare import ConnectionValue


def tls_to(connection: ConnectionValue) -> ssl.SSLContext:
    """A context that checks certificates and names. `config.authority` (PEM) vouches beside the usual authorities;
    `certificate` and `private_key` of the secret (PEM) are ours. Raises StepRefused where they are none."""
    authority = connection.config.get("authority")
    certificate, key = connection.credential.get("certificate"), connection.credential.get("private_key")
    context = ssl.create_default_context()
    try:
        if authority:
            context.load_verify_locations(cadata=str(authority))
        if certificate or key:
            _load(context, str(certificate or ""), str(key or ""))
    except (ssl.SSLError, ValueError) as error:
        what = "`certificate` and `private_key` do not belong together, or one" if certificate or key else "`authority`"
        raise StepRefused(
            f"In the connection `{connection.name}` {what} is no PEM: {getattr(error, 'reason', None) or error}.",
            hint="Give them whole, with the lines -----BEGIN … and -----END …; a key without a passphrase.",
            code="connection.incomplete",
        ) from error
    return context


def _load(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """OpenSSL reads these from a file alone; it lies in a folder of ours for as long as that takes."""
    with tempfile.TemporaryDirectory(prefix="flov7-tls-") as folder:
        path = Path(folder) / "both.pem"
        path.touch(mode=0o600)
        path.write_text(f"{key.strip()}\n{certificate.strip()}\n", encoding="ascii", errors="strict")
        context.load_cert_chain(path, password="")
