"""The keys of devices that were registered from here."""

import json
import os
from pathlib import Path

from iotflow_simulators.errors import SimulationFailed

FILE_NAME = "device-keys.json"


class KeyStore:
    """Device name to API key, in a file of the data folder that its owner alone can read."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME

    def key(self, device: str) -> str | None:
        """The device's key, or None; raises SimulationFailed where the file cannot be read."""
        return self._keys().get(device)

    def check_writable(self) -> None:
        """Raise SimulationFailed where a key could not be kept: to be asked before a device gets one."""
        if os.access(self.path.parent, os.W_OK) or not self.path.parent.exists():
            return
        raise SimulationFailed(f"{self.path} cannot be written, and a device's key is shown only once.")

    def keep(self, device: str, key: str) -> None:
        """Add or replace a key; the file is the old or the new one whatever happens. Raises SimulationFailed."""
        text = json.dumps({**self._keys(), device: key}, indent=2, ensure_ascii=False)
        draft = self.path.with_name(f".{FILE_NAME}.{os.getpid()}")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError as error:
            raise SimulationFailed(f"{self.path} cannot be written: {error.strerror}.") from None

    def _keys(self) -> dict[str, str]:
        try:
            keys = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise SimulationFailed(f"{self.path} cannot be read: {error.strerror}.") from None
        except ValueError:
            keys = None
        if not isinstance(keys, dict):
            raise SimulationFailed(f"{self.path} is not a JSON object of device names and keys; repair or move it.")
        return keys
