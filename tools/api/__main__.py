"""Writes the references."""

from tools.api import asyncapi, files, openapi
from tools.api.contract import load

REFERENCES = {"openapi": openapi.document, "asyncapi": asyncapi.document}


def main() -> None:
    """Write every reference."""
    contract = load()
    for name, document in REFERENCES.items():
        files.path_of(name).parent.mkdir(exist_ok=True)
        files.path_of(name).write_text(files.to_yaml(document(contract)))
    files.SERVED.write_text(files.to_json(openapi.document(contract)))


if __name__ == "__main__":
    main()
