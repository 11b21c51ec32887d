"""A way from MQTT to a store, as a measurement sees it."""

import os
import signal
from abc import ABC, abstractmethod
from pathlib import Path


class Peer(ABC):
    """port: of MQTT."""

    port: int

    @abstractmethod
    def start(self) -> None:
        """Start all processes, and return when they take messages. Stored data is kept."""

    @abstractmethod
    def logins(self, count: int) -> Path:
        """The file of logins of this number of devices."""

    @abstractmethod
    def stored(self) -> int:
        """The number of stored messages."""

    @property
    @abstractmethod
    def behind_the_broker(self) -> list[int]:
        """The processes that read messages and store them."""

    @property
    @abstractmethod
    def with_the_broker(self) -> list[int]:
        """The same, and the broker."""

    @property
    @abstractmethod
    def everything(self) -> list[int]:
        """All processes."""

    @abstractmethod
    def close(self) -> None:
        """End all processes."""

    def kill(self) -> None:
        """End all processes with SIGKILL."""
        for pid in self.everything:
            os.kill(pid, signal.SIGKILL)
        self.close()
