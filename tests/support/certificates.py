"""Certificates for a test, made by openssl."""

import subprocess
from pathlib import Path


def authority(folder: Path, name: str) -> None:
    """Make a certificate authority: <name>.crt and <name>.key."""
    files = ["-keyout", f"{name}.key", "-out", f"{name}.crt"]
    _openssl(folder, "req", "-x509", *KEY, "-days", "2", "-subj", f"/CN={name}", *files)


def certificate(folder: Path, name: str, common_name: str, signer: str) -> None:
    """Make <name>.crt and <name>.key for this machine or for a device."""
    _openssl(folder, "req", *KEY, "-subj", f"/CN={common_name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
    (folder / f"{name}.ext").write_text("subjectAltName=IP:127.0.0.1\n")
    signed = ["-CA", f"{signer}.crt", "-CAkey", f"{signer}.key", "-CAcreateserial", "-days", "2"]
    _openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signed, "-extfile", f"{name}.ext", "-out", f"{name}.crt")


def revocation_list(folder: Path, signer: str, *revoked: str) -> Path:
    """Make <signer>.crl, a list of revoked certificates."""
    (folder / "index").write_text("")
    (folder / "ca.conf").write_text(
        "[ca]\ndefault_ca=own\n[own]\ndatabase=index\ndefault_md=sha256\ndefault_crl_days=2\n"
    )
    authority_files = ["-config", "ca.conf", "-cert", f"{signer}.crt", "-keyfile", f"{signer}.key"]
    for name in revoked:
        _openssl(folder, "ca", *authority_files, "-revoke", f"{name}.crt")
    _openssl(folder, "ca", *authority_files, "-gencrl", "-out", f"{signer}.crl")
    return folder / f"{signer}.crl"


KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)
