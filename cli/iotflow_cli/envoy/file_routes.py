"""Routes for which Envoy itself responds with a file."""

from typing import Any

from iotflow_cli.api_reference.files import ServedFile

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
