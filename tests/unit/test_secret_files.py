"""The error of a file without a secret names the file."""

from pathlib import Path

import pytest

from iotflow_server.auth.secret_files import ADMIN_TOKEN, WeakSecret, kept_secret


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b"\xff\xfe\x00", bytes(40)])
def test_the_error_of_a_file_without_a_secret_names_the_remedy(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ADMIN_TOKEN).write_bytes(content)
    with pytest.raises(WeakSecret, match=r"admin-token.*Delete the file"):
        kept_secret(tmp_path, ADMIN_TOKEN)
