"""CSV files of devices, and the files of their keys."""

import csv
import re
from pathlib import Path

import pytest

from iotflow_cli.device_import import DeviceFile, ImportProblem
from iotflow_cli.device_import.device_file import LONGEST_LINE
from iotflow_cli.device_import.key_file import KeyFile

HEADER = "name,device_type,location"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "devices.csv"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys.csv"


def problems(path: Path) -> list[str]:
    with pytest.raises(ImportProblem) as raised:
        DeviceFile(path)
    return [problem.removeprefix(str(path)) for problem in raised.value.problems]


def test_rows_become_devices(file: Path) -> None:
    file.write_text(
        "\ufefflocation,name,device_type,description,firmware_version,hardware_version\r\n"
        '"hall, north",pump 1,pump,,1.0,b\r\n\r\n,Müller,,"two\nlines",,\r\nshort,last\r\n',
        encoding="utf-8",
    )
    devices = DeviceFile(file)
    first, second, last = devices.rows()
    assert len(devices) == 3
    assert (first.line, first.device.name, first.device.location) == (2, "pump 1", "hall, north")
    assert (first.device.device_type, first.device.firmware_version, first.device.hardware_version) == (
        "pump",
        "1.0",
        "b",
    )
    assert (second.device.name, second.device.description, second.device.device_type) == ("Müller", "two\nlines", "")
    assert (last.line, last.device.name, last.device.location) == (6, "last", "short")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", [":1: the header has no column `name`; columns are"]),
        ("id,type\n1,a\n", [":1: the header has no column `name`; columns are"]),
        ("name,colour\na,red\n", [":1: unknown column 'colour'; columns are"]),
        ("name,name\na,b\n", [":1: the header has a column twice"]),
        ("name\n", [": the file has no devices"]),
        (f"{HEADER}\na,b,c,d\n", [":2: 4 cells, but the header has 3 columns"]),
        (
            f"{HEADER}\na\n,x\nb\na\n,y\n",
            [":3: the name is empty", ":5: the name 'a' is also in line 2", ":6: the name"],
        ),
        (f'{HEADER}\n"a"b\n', [":2: "]),
        (f'{HEADER}\n"a\n', [":2: "]),
    ],
)
def test_problems_name_the_line(file: Path, content: str, expected: list[str]) -> None:
    file.write_text(content)
    found = problems(file)
    assert len(found) == len(expected)
    assert all(problem.startswith(start) for problem, start in zip(found, expected, strict=True)), found


def test_a_file_that_is_not_utf8_is_a_problem(file: Path) -> None:
    file.write_bytes(b"name\nM\xfcller\n")
    assert problems(file) == [": is not UTF-8 (byte 0xfc)"]


def test_a_missing_file_is_a_problem(file: Path) -> None:
    assert problems(file) == [": No such file or directory"]


def test_problems_of_a_report_are_limited(file: Path) -> None:
    file.write_text("name,location\n" + ",x\n" * 1_000)
    assert len(problems(file)) == 20


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text().splitlines()[1:]))


def test_keys_are_written_for_the_owner_only(keys: Path) -> None:
    with KeyFile(keys) as file:
        file.add([("a", 1, "k1"), ('quoted, "b"', 2, "k2")])
        assert keys.stat().st_mode & 0o777 == 0o600
        assert "a" in file
        assert "c" not in file
        import_id = file.import_id
    assert keys.read_text().splitlines()[0] == f"# iotflow import {import_id}"
    assert rows(keys) == [["name", "id", "api_key"], ["a", "1", "k1"], ['quoted, "b"', "2", "k2"]]


def test_a_file_is_continued(keys: Path) -> None:
    with KeyFile(keys) as file:
        file.add([("a", 1, "k1"), ('quoted, "b"', 2, "k2")])
        import_id = file.import_id
    with KeyFile(keys) as file:
        assert file.import_id == import_id
        assert 'quoted, "b"' in file
        file.add([("c", 3, "k3")])
    assert [row[0] for row in rows(keys)] == ["name", "a", 'quoted, "b"', "c"]


@pytest.mark.parametrize("cut", range(1, 75))
def test_a_file_that_was_cut_off_anywhere_is_continued(keys: Path, cut: int) -> None:
    with KeyFile(keys) as file:
        file.add([("a", 1, "k1"), ("b", 2, "k2")])
    whole = keys.read_bytes()
    keys.write_bytes(whole[: len(whole) - cut])
    complete = whole[: len(whole) - cut].rpartition(b"\n")[0].split(b"\n")
    with KeyFile(keys) as file:
        assert [name in file for name in "ab"] == [
            any(line.startswith(one) for line in complete[2:]) for one in (b"a,", b"b,")
        ]
        file.add([("z", 9, "k9")])
        assert re.fullmatch(r"[0-9a-f-]{36}", file.import_id)
    assert rows(keys)[0] == ["name", "id", "api_key"]
    assert rows(keys)[-1] == ["z", "9", "k9"]


@pytest.mark.parametrize("content", ["name,id\na,1\n", "x", "# iotflow import 7\n", "# other\n", "\n", "\0"])
def test_another_file_is_left_as_it_is(keys: Path, content: str) -> None:
    keys.write_text(content)
    keys.chmod(0o600)
    with pytest.raises(ImportProblem, match="is no key file of an import"):
        KeyFile(keys)
    assert keys.read_text() == content


def test_a_file_that_others_can_read_is_refused(keys: Path) -> None:
    with KeyFile(keys):
        pass
    keys.chmod(0o640)
    with pytest.raises(ImportProblem, match="chmod 600"):
        KeyFile(keys)


def test_a_link_is_refused(keys: Path, tmp_path: Path) -> None:
    keys.symlink_to(tmp_path / "other")
    with pytest.raises(ImportProblem):
        KeyFile(keys)
    assert not (tmp_path / "other").exists()


def test_two_imports_do_not_share_a_file(keys: Path) -> None:
    with KeyFile(keys), pytest.raises(ImportProblem, match="another import uses this file"):
        KeyFile(keys)
    with KeyFile(keys) as file:
        assert file.import_id


def test_a_file_without_lines_is_refused_before_it_fills_the_memory(file: Path) -> None:
    file.write_text("name" + "x" * LONGEST_LINE)
    assert problems(file) == [f": a line has more than {LONGEST_LINE:,} characters"]
    assert problems(Path("/dev/zero")) == [": is not a regular file, which is read twice"]
