"""A secret's file that holds no secret is named, whatever it holds."""

from pathlib import Path

import pytest

from iotflow_server.auth.secret_files import ADMIN_TOKEN, WeakSecret, kept_secret


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b"\xff\xfe\x00", bytes(40)])
def test_a_file_without_a_secret_is_named_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ADMIN_TOKEN).write_bytes(content)
    with pytest.raises(WeakSecret, match=r"admin-token.*Delete the file"):
        kept_secret(tmp_path, ADMIN_TOKEN)
