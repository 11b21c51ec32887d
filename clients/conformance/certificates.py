"""Authorities and certificates for the proxy's TLS, made by openssl."""

import shutil
import ssl
import subprocess
from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_LOCAL = "subjectAltName=IP:127.0.0.1,DNS:localhost"
# Kind of certificate: its authority, its names, and the days that it is valid. With 0 days it would be valid for a second.
_KINDS = {
    "good": ("authority", _LOCAL, 2),
    "renewed": ("authority", _LOCAL, 3),
    "other_authority": ("stranger", _LOCAL, 2),
    "other_name": ("authority", "subjectAltName=DNS:elsewhere.example", 2),
    "expired": ("authority", _LOCAL, -1),
    "client": ("authority", "subjectAltName=DNS:device.example", 2),
    "other_client": ("stranger", "subjectAltName=DNS:device.example", 2),
}
KINDS = tuple(_KINDS)


class Certificates:
    """Files in a folder, made when they are first wanted: <name>.crt and <name>.key."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder

    def certificate(self, kind: str) -> Path:
        """The path of <kind>.crt, with <kind>.key beside it."""
        path = self._folder / f"{kind}.crt"
        if not path.exists():
            self._sign(kind, *_KINDS[kind])
        return path

    def authority(self, name: str = "authority") -> Path:
        """The path of the authority's certificate."""
        path = self._folder / f"{name}.crt"
        if not path.exists():
            files = ["-keyout", f"{name}.key", "-out", path.name]
            self._openssl("req", "-x509", *_KEY, "-days", "5", "-subj", f"/CN={name}", *files)
        return path

    def server_context(self, kind: str, *, client_required: bool) -> ssl.SSLContext:
        """TLS with this certificate, for HTTP/2. client_required: clients show a certificate of the authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        path = self.certificate(kind)
        context.load_cert_chain(path, path.with_suffix(".key"))
        context.set_alpn_protocols(["h2"])
        if client_required:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.authority())
        return context

    def replace(self, name: str, by: str) -> None:
        """Put the files of one certificate in the place of another's, as a renewal does."""
        for suffix in (".crt", ".key"):
            new = self._folder / f"{name}{suffix}.new"
            shutil.copy(self.certificate(by).with_suffix(suffix), new)
            new.rename(self._folder / f"{name}{suffix}")

    def _sign(self, kind: str, authority: str, names: str, days: int) -> None:
        self.authority(authority)
        self._openssl("req", *_KEY, "-subj", f"/CN={kind}", "-keyout", f"{kind}.key", "-out", f"{kind}.csr")
        (self._folder / f"{kind}.ext").write_text(f"{names}\nextendedKeyUsage=serverAuth,clientAuth\n")
        signed = ["-CA", f"{authority}.crt", "-CAkey", f"{authority}.key", "-CAcreateserial", "-days", str(days)]
        self._openssl("x509", "-req", "-in", f"{kind}.csr", *signed, "-extfile", f"{kind}.ext", "-out", f"{kind}.crt")

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._folder, check=True, capture_output=True, timeout=30)
