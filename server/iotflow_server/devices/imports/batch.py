"""The devices of one message of an import, before and after their registration."""

from collections.abc import Sequence
from dataclasses import dataclass

from iotflow.mosquitto_verifier import mosquitto_verifiers
from iotflow_server.auth.credentials import KeyHasher, generate_keys
from iotflow_server.devices.device import NewDevice


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device to register. index: its place in the message. key_hash, mqtt_verifier: see DeviceRow."""

    index: int
    new: NewDevice
    key: str
    key_hash: str
    mqtt_verifier: str


@dataclass(frozen=True, slots=True)
class Imported:
    """A device with its new key, which is returned here only."""

    index: int
    device_id: int
    key: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A device that is not registered. device_id: the device that has its name; 0: there is none."""

    index: int
    reason: str
    message: str
    device_id: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The devices of a batch that are registered durably, and the others.

    first_id, last_id: the lowest and the highest id of the new devices; 0: there are none. renewed: devices that the import had
    registered before, and that have a new key.
    """

    imported: Sequence[Imported] = ()
    rejected: Sequence[Rejected] = ()
    first_id: int = 0
    last_id: int = 0
    renewed: Sequence[int] = ()


def candidates(devices: Sequence[tuple[int, NewDevice]], hasher: KeyHasher, key_length: int) -> list[Candidate]:
    """The devices with new keys. Takes some ten milliseconds for a thousand devices. devices: each with its index."""
    keys = generate_keys(len(devices), key_length)
    return [
        Candidate(index, new, key, hasher.hash(key), verifier)
        for (index, new), key, verifier in zip(devices, keys, mosquitto_verifiers(keys), strict=True)
    ]
