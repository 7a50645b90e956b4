"""How a tracking server's certificate is checked, by the variables of MLflow's client."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlrun.errors import UsageError

INSECURE = "MLFLOW_TRACKING_INSECURE_TLS"
SERVER_CERTIFICATE = "MLFLOW_TRACKING_SERVER_CERT_PATH"
CLIENT_CERTIFICATE = "MLFLOW_TRACKING_CLIENT_CERT_PATH"

# requests reads the others where MLflow's own is not set. SSL_CERT_FILE and SSL_CERT_DIR are
# OpenSSL's, which honours them by itself.
_AUTHORITIES = (SERVER_CERTIFICATE, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

_USUAL_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How to check the server and show who we are.

    Attributes:
        insecure: Accept any certificate.
        authorities: File or folder of the certificates to trust, None for the system's.
        authorities_from: The variable that named it.
        client_certificate: File with a certificate and its key to show, None for none.
    """

    insecure: bool = False
    authorities: str | None = None
    authorities_from: str = ""
    client_certificate: str | None = None

    def context(self, *, with_client: bool = True) -> ssl.SSLContext:
        """Return what connections are made with.

        Args:
            with_client: Whether to show the client certificate.

        Raises:
            UsageError: A file that is not there, or holds no certificate.
        """
        context = self._trusting()
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if with_client and self.client_certificate is not None:
            try:
                context.load_cert_chain(self.client_certificate)
            except (OSError, ssl.SSLError) as error:
                raise _unreadable(CLIENT_CERTIFICATE, self.client_certificate, error) from None
        return context

    def _trusting(self) -> ssl.SSLContext:
        if self.insecure or self.authorities is None:
            return _system_context()
        is_folder = Path(self.authorities).is_dir()
        try:
            context = ssl.create_default_context(
                cafile=None if is_folder else self.authorities,
                capath=self.authorities if is_folder else None,
            )
        except (OSError, ssl.SSLError) as error:
            raise _unreadable(self.authorities_from, self.authorities, error) from None
        # A company's own authority often lacks extensions that Python 3.13 began to demand.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return context


def tls_settings(environ: Mapping[str, str]) -> TlsSettings:
    """Read the settings from variables.

    Raises:
        UsageError: Two that contradict each other.
    """
    insecure = environ.get(INSECURE, "").strip().lower() in ("1", "true")
    if insecure and environ.get(SERVER_CERTIFICATE):
        raise UsageError(
            f"{INSECURE} and {SERVER_CERTIFICATE} exclude each other, for MLflow's client too",
            hint=f"unset {INSECURE}",
        )
    named = next((name for name in _AUTHORITIES if environ.get(name)), None)
    return TlsSettings(
        insecure=insecure,
        authorities=environ[named] if named else None,
        authorities_from=named or "",
        client_certificate=environ.get(CLIENT_CERTIFICATE) or None,
    )


def _system_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not (paths.cafile or paths.capath):
        # A Python that was built elsewhere looks where this system has nothing.
        bundle = next((path for path in _USUAL_BUNDLES if Path(path).is_file()), None)
        if bundle is not None:
            context.load_verify_locations(cafile=bundle)
    return context


def _unreadable(variable: str, file: str, error: OSError) -> UsageError:
    reason = "no certificate in it" if isinstance(error, ssl.SSLError) else error.strerror
    return UsageError(f"{variable} names {file}, which cannot be used: {reason}")
