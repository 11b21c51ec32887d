"""The fate of each reading of a ledger, as one byte."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from iotflow_simulators.ledger.entries import ACKNOWLEDGED, FIRST_REASON, Fates
from iotflow_simulators.ledger.reader import Ledger
from iotflow_simulators.verify.broker_kills import BrokerKill

UNKNOWN, KEPT, REFUSED, EXCUSED = 0, 1, 2, 3
# Doors whose readings wait in a broker.
MQTT_DOORS = ("mqtt", "mqtt5")


@dataclass(slots=True)
class Statuses:
    """of: by number of the reading, UNKNOWN, KEPT (acknowledged), REFUSED, or EXCUSED: acknowledged by a broker that was killed
    before it wrote its file. values: measurements that were refused, of readings whose other values were not. reasons: number of
    refused readings by reason and door."""

    of: NDArray[np.uint8]
    values: dict[int, set[str]] = field(default_factory=dict)
    reasons: dict[tuple[str, str], int] = field(default_factory=dict)


def statuses(ledger: Ledger, kills: Sequence[BrokerKill] = ()) -> Statuses:
    """Read all fates. kills: those of Mosquitto. A refusal stands, even where the broker acknowledged the message before or after it."""
    found = Statuses(np.zeros(ledger.readings, np.uint8))
    doors = _doors(ledger)
    whole = np.array([0, 0, *(not reason.measurement for reason in ledger.reasons)], np.bool_)
    for fates in ledger.fates():
        numbers, codes = fates.numbers, fates.codes
        acknowledged = numbers[codes == ACKNOWLEDGED]
        acknowledged = acknowledged[found.of[acknowledged] == UNKNOWN]
        found.of[acknowledged] = KEPT
        if any(kill.begin <= fates.last and fates.first <= kill.at for kill in kills):
            by_mqtt = np.array([name in MQTT_DOORS for name in doors.names], np.bool_)[doors.of[acknowledged]]
            found.of[acknowledged[by_mqtt]] = EXCUSED
        found.of[numbers[whole[codes]]] = REFUSED
        _add_refusals(found, fates, ledger, doors)
    return found


@dataclass(frozen=True, slots=True)
class _Doors:
    names: list[str]
    of: NDArray[np.uint8]


def _doors(ledger: Ledger) -> _Doors:
    """The door of each reading."""
    names = sorted({device.door for device in ledger.devices})
    by_device = np.array([names.index(device.door) for device in ledger.devices], np.uint8)
    of = np.zeros(ledger.readings, np.uint8)
    at = 0
    for group in ledger.rows():
        of[at : at + len(group)] = by_device[[entry.device for entry in group]]
        at += len(group)
    return _Doors(names, of)


def _add_refusals(found: Statuses, fates: Fates, ledger: Ledger, doors: _Doors) -> None:
    chosen = fates.codes >= FIRST_REASON
    for number, code in zip(fates.numbers[chosen].tolist(), fates.codes[chosen].tolist(), strict=True):
        reason = ledger.reasons[code - FIRST_REASON]
        if reason.measurement:
            found.values.setdefault(number, set()).add(reason.measurement)
        key = (doors.names[doors.of[number]], reason.reason)
        found.reasons[key] = found.reasons.get(key, 0) + 1
