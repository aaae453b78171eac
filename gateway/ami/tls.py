"""AMI over TLS: whom we trust, and what went wrong in the operator's words."""

from __future__ import annotations

import ssl

from gateway.config import Ami
from gateway.errors import AmiError

_HOSTNAME_MISMATCH, _ADDRESS_MISMATCH = 62, 64
"""OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""


def expected_name(settings: Ami) -> str:
    """The name or address that must stand in the PBX's certificate."""
    return settings.tls_hostname or settings.host


def context(settings: Ami) -> ssl.SSLContext:
    """What we trust, read anew from ``tls_ca_file`` each time. Raises AmiError."""
    try:
        return ssl.create_default_context(cafile=settings.tls_ca_file or None)
    except ssl.SSLError as error:
        raise AmiError(f"ami.tls_ca_file: no certificate in {settings.tls_ca_file}", "Name a file in PEM") from error
    except OSError as error:
        raise AmiError(
            f"ami.tls_ca_file: {settings.tls_ca_file} cannot be read: {error.strerror}",
            "Name the PEM file of the authority that signed the PBX's certificate",
        ) from error


def refusal(settings: Ami, where: str, error: ssl.SSLError) -> AmiError:
    """Why there is no TLS with the peer ``where``."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return AmiError(
            f"{where} does not speak TLS with us: {error.reason or 'handshake failed'}",
            "Set ami.port to tlsbindaddr's in manager.conf, or ami.tls to false",
        )
    if error.verify_code in (_HOSTNAME_MISMATCH, _ADDRESS_MISMATCH):
        return AmiError(
            f"{where} has a certificate for another name than {expected_name(settings)}",
            "Set ami.tls_hostname to the name in it (subjectAltName)",
        )
    return AmiError(
        f"{where} has a certificate that is not trusted: {error.verify_message}",
        "Set ami.tls_ca_file to the PEM file of the authority that signed it",
    )
