"""The certificate of the endpoint, read again when its files change. Connections that are open keep the one they began with."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

CRL = b"-----BEGIN X509 CRL-----"


class WrongCertificate(Exception):
    """A file cannot be used. The message begins with the name of its setting."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Files in PEM. certificate: with those between it and the authority. client_ca: authorities that sign certificates of clients,
    and lists of revoked certificates; None: clients have none."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def __iter__(self) -> Iterator[Path]:
        return iter((self.certificate, self.key, *([self.client_ca] if self.client_ca else [])))


class Certificates:
    """context: for new connections. Raises WrongCertificate."""

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._versions = self._current_versions()
        self._problem = ""
        self.context = tls_context(files)

    def refresh(self) -> None:
        """Read the files again if they have changed. Files that cannot be used are logged, and change nothing."""
        versions = self._current_versions()
        if versions == self._versions and not self._problem:
            return
        self._versions = versions
        try:
            self.context = tls_context(self._files)
        except WrongCertificate as error:
            if str(error) != self._problem:
                log.error("certificate_not_reloaded", problem=str(error))
            self._problem = str(error)
            return
        self._problem = ""
        log.info("certificate_reloaded", file=str(self._files.certificate))

    def _current_versions(self) -> list[tuple[int, int, int] | None]:
        return [_version(file) for file in self._files]


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """TLS 1.2 or later with these files. Raises WrongCertificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    _check(files.certificate, b"-----BEGIN CERTIFICATE-----", "IOTFLOW_GATEWAY_TLS_CERTIFICATE_FILE", "certificate")
    _check(files.key, b"PRIVATE KEY-----", "IOTFLOW_GATEWAY_TLS_KEY_FILE", "private key")
    try:
        # Without a password OpenSSL would ask for it on the terminal.
        context.load_cert_chain(files.certificate, files.key, password="")
    except ssl.SSLError as error:
        problem = f"{files.key} is not the key of {files.certificate}, or is encrypted ({error.reason or error})"
        raise WrongCertificate(f"IOTFLOW_GATEWAY_TLS_KEY_FILE: {problem}") from None
    if files.client_ca:
        _accept_clients(context, files.client_ca)
    return context


def _accept_clients(context: ssl.SSLContext, file: Path) -> None:
    name = "IOTFLOW_GATEWAY_TLS_CLIENT_CA_FILE"
    content = _check(file, b"-----BEGIN CERTIFICATE-----", name, "certificate")
    try:
        context.load_verify_locations(file)
    except ssl.SSLError as error:
        raise WrongCertificate(f"{name}: {file} cannot be used ({error.reason or error})") from None
    # A device may log in with its key instead.
    context.verify_mode = ssl.CERT_OPTIONAL
    if CRL in content:
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF


def _check(file: Path, beginning: bytes, setting: str, what: str) -> bytes:
    """The content of a file that has to have such a block of PEM."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise WrongCertificate(f"{setting}: the file {file} cannot be read ({error.strerror})") from None
    if beginning not in content:
        raise WrongCertificate(f"{setting}: the file {file} holds no {what} in PEM")
    return content


def _version(file: Path) -> tuple[int, int, int] | None:
    """Facts that differ once the file is replaced or written."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
