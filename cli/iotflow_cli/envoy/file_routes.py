"""The REST reference as files, and the routes for which Envoy itself responds with them."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parents[1] / "api_reference"
# The package contains Swagger UI. It is not imported, because the import reads all of its files.
_VIEWER = "offapi"

# The page loads nothing from other sites, runs no inline script, and cannot be framed by another site.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "cache-control": "public, max-age=600",
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
# Filters that transcode REST requests do not apply to files.
_SKIPPED = ("envoy.filters.http.grpc_json_transcoder", "envoy.filters.http.lua")
# Envoy holds a whole file in memory for a caller that reads slowly, and the files need no credential. This bounds their number.
_BUCKET = {"max_tokens": 50, "tokens_per_fill": 5, "fill_interval": "1s"}
_ALWAYS = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
_LIMIT = {
    "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
    "stat_prefix": "files",
    "token_bucket": _BUCKET,
    "filter_enabled": _ALWAYS,
    "filter_enforced": _ALWAYS,
}
_DISABLED = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}


@dataclass(frozen=True)
class ServedFile:
    """A file that is served without a credential."""

    path: str
    content_type: str
    source: Path


def served_files() -> list[ServedFile]:
    """The reference, the page that shows it, and the files that the page loads."""
    viewer = _viewer_folder()
    script = "text/javascript; charset=utf-8"
    return [
        ServedFile("/api/v1/openapi.json", "application/json", REFERENCE / "openapi.json"),
        ServedFile("/api/docs", "text/html; charset=utf-8", REFERENCE / "index.html"),
        ServedFile("/api/docs/start.js", script, REFERENCE / "start.js"),
        ServedFile("/api/docs/viewer.js", script, viewer / "swagger_bundle.js"),
        ServedFile("/api/docs/viewer.css", "text/css; charset=utf-8", viewer / "swagger_style.css"),
    ]


def _viewer_folder() -> Path:
    found = find_spec(_VIEWER)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(
            f"The package {_VIEWER}, which shows the API reference, is not installed. Install it with pip."
        )
    return Path(found.submodule_search_locations[0])


def file_route(file: ServedFile) -> dict[str, Any]:
    """The route of a file for GET and HEAD; later routes handle other methods."""
    headers = {**_HEADERS, "content-type": file.content_type}
    return {
        "match": {
            "path": file.path,
            "headers": [{"name": ":method", "string_match": {"safe_regex": {"regex": "GET|HEAD"}}}],
        },
        "direct_response": {"status": 200, "body": {"filename": str(file.source)}},
        "response_headers_to_add": [_header(name, value) for name, value in headers.items()],
        "typed_per_filter_config": {**dict.fromkeys(_SKIPPED, _DISABLED), "envoy.filters.http.local_ratelimit": _LIMIT},
    }


def largest(files: list[ServedFile]) -> int:
    """Size in bytes of the largest file, which is a setting of Envoy."""
    return max(file.source.stat().st_size for file in files)


def _header(name: str, value: str) -> dict[str, Any]:
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
