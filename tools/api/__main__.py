"""Writes the references anew."""

from tools.api import files, openapi
from tools.api.contract import load


def main() -> None:
    """Write every reference."""
    contract = load()
    for name, document in {"openapi": openapi.document(contract)}.items():
        files.path_of(name).parent.mkdir(exist_ok=True)
        files.path_of(name).write_text(files.to_yaml(document))


if __name__ == "__main__":
    main()
