"""The Markdown pages: links have targets, lines fit a terminal, named folders exist."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIST = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
PAGES = LIST.split()
LONGEST_LINE = 100
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
CLIENTS = sorted(path.parent for path in (ROOT / "clients").glob("*/README.md") if path.parent.name != "conformance")
MOST_LINES_OF_FIRST_READING = 9
EXTERNAL = ("http://", "https://", "mailto:")


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return FENCE.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """The anchors of the headings."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", PAGES)
def test_links_have_targets(name: str) -> None:
    page = ROOT / name
    for link in LINK.findall(prose(page)):
        if link.startswith(EXTERNAL):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("name", PAGES)
def test_lines_fit_a_terminal(name: str) -> None:
    # Rows of tables cannot be wrapped.
    lines = [line for line in prose(ROOT / name).splitlines() if not line.startswith("|")]
    assert [line for line in lines if len(line) > LONGEST_LINE] == []


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_client_begins_with_a_first_reading_in_under_ten_lines(client: Path) -> None:
    section = (client / "README.md").read_text().split("\n## ")[1]
    assert section.startswith("First reading\n")
    code = section.split("```")[1].splitlines()[1:]
    assert len(code) <= MOST_LINES_OF_FIRST_READING


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_the_readme_of_a_client_is_its_page_of_the_website(client: Path) -> None:
    assert (ROOT / "docs/clients" / client.name / "README.md").samefile(client / "README.md")
    assert f"clients/{client.name}/README.md" in (ROOT / "docs/clients.md").read_text()


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_client_names_its_reference_and_its_release_checklist(client: Path) -> None:
    text = (client / "README.md").read_text()
    assert "reference.sh" in text
    assert "](../RELEASE.md)" in text


def test_the_architecture_names_folders_that_exist() -> None:
    layout = (ROOT / "docs/architecture.md").read_text().split("## Folders")[1].split("\n## ")[0]
    folders = re.findall(r"^\| `([^`]+)` ", layout, re.MULTILINE)
    assert folders
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


def test_the_readme_reaches_the_first_query_early() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert "## First query" in lines[:60]
    assert len(lines) <= 150
