"""The published JSON Schema of scenario files: `python -m iotflow_simulators.scenario.json_schema` writes it."""

import json
import sys
from typing import Any

from iotflow_simulators.scenario.fields import SCENARIO


def schema() -> dict[str, Any]:
    """The schema."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "IoTFlow scenario"}
    return head | SCENARIO.schema()


def text() -> str:
    """The schema as it is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
