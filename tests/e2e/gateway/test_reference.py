"""The API reference, which the gateway serves with or without a server."""

import re

import httpx
import pytest

from iotflow_cli.envoy.file_routes import served_files
from tests.support.api_reference import reference

PAGE, REFERENCE = "/api/docs", "/api/v1/openapi.json"
TYPES = {
    REFERENCE: "application/json",
    PAGE: "text/html; charset=utf-8",
    "/api/docs/start.js": "text/javascript; charset=utf-8",
    "/api/docs/viewer.js": "text/javascript; charset=utf-8",
    "/api/docs/viewer.css": "text/css; charset=utf-8",
}


@pytest.mark.parametrize("path", [file.path for file in served_files()])
def test_files_are_served_unchanged(alone: httpx.Client, path: str) -> None:
    source = next(file.source for file in served_files() if file.path == path)
    answer = alone.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, TYPES[path])
    assert answer.content == source.read_bytes()


def test_the_reference_is_the_committed_one(alone: httpx.Client) -> None:
    assert alone.get(REFERENCE, params={"any": "thing"}).json() == reference("openapi")


@pytest.mark.parametrize("path", TYPES)
def test_head_has_the_same_headers_and_no_body(alone: httpx.Client, path: str) -> None:
    whole, head = alone.get(path), alone.head(path)
    assert head.content == b""
    for name in ("content-type", "content-length", "cache-control", "content-security-policy"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize("path", [PAGE, REFERENCE])
def test_other_methods_are_rejected(alone: httpx.Client, path: str) -> None:
    answer = alone.post(path, json={})
    assert answer.headers["allow"] == "GET, HEAD"
    assert (answer.status_code, answer.json()["details"][0]["reason"]) == (405, "METHOD_NOT_ALLOWED")


def test_the_page_loads_nothing_from_other_hosts(alone: httpx.Client) -> None:
    answer = alone.get(PAGE)
    loaded = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert {str(answer.url.join(one).path) for one in loaded if not one.startswith("data:")} == TYPES.keys() - {PAGE}
    assert "<style" not in answer.text
    assert not re.search(r"<script(?! src=)", answer.text)


def test_the_page_forbids_foreign_scripts_and_frames(alone: httpx.Client) -> None:
    policy = dict(one.split(" ", 1) for one in alone.get(PAGE).headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"


def test_requests_of_a_file_are_rate_limited(alone: httpx.Client) -> None:
    answers = [alone.get("/api/docs/viewer.css") for _ in range(80)]
    served, refused = ([one for one in answers if one.status_code == status] for status in (200, 429))
    assert served
    assert len(served) + len(refused) == len(answers)
    assert refused[-1].json()["details"][0]["reason"] == "RATE_LIMIT"
    assert refused[-1].headers["retry-after"] == "1"
    assert alone.get(PAGE).status_code == 200
