"""The hash of a ledger's readings."""

import orjson

from iotflow_simulators.generation.digest import ReadingsDigest
from iotflow_simulators.generation.events import Reading
from iotflow_simulators.ledger.reader import Ledger


def readings_hash(ledger: Ledger) -> str:
    """The hash that ReadingsDigest gives for the same readings. The times of sending and the fates do not count."""
    digest = ReadingsDigest()
    for group in ledger.rows():
        for entry in group:
            if not entry.is_malformed:
                reading = Reading(entry.device, entry.sequence, 0, entry.time, orjson.loads(entry.values))
                digest.add(ledger.devices[entry.device].name, reading)
    return digest.hexdigest()
