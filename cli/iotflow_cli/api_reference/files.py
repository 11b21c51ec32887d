"""The files of the reference, and their paths."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_FOLDER = Path(__file__).parent
# The package contains Swagger UI. It is not imported, because the import reads all of its files.
_VIEWER = "offapi"


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
        ServedFile("/api/v1/openapi.json", "application/json", _FOLDER / "openapi.json"),
        ServedFile("/api/docs", "text/html; charset=utf-8", _FOLDER / "index.html"),
        ServedFile("/api/docs/start.js", script, _FOLDER / "start.js"),
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
