"""Imports of devices: batches one after the other, so that other changes of the registry wait for one batch at most."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from iotflow_server.auth.credentials import KeyHasher
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.db.database import Database
from iotflow_server.devices.device import NewDevice, utc_now
from iotflow_server.devices.imports.batch import Outcome, candidates
from iotflow_server.devices.imports.id_set import IdSet
from iotflow_server.devices.imports.transaction import Batch, register_batch
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import Unavailable

# Attempts to register a batch while others register the same names.
TRIES = 5


class DeviceImports:
    """was_used: whether a device was in contact with this process; its row may not have it yet."""

    def __init__(
        self,
        *,
        database: Database,
        hasher: KeyHasher,
        registry: Registry,
        was_used: Callable[[int], bool],
        key_length: int = 32,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._hasher = hasher
        self._registry = registry
        self._was_used = was_used
        self._key_length = key_length
        self._clock = clock
        self._turn = asyncio.Lock()

    def open(self, actor: str) -> "DeviceImport":
        """A stream of an import. actor: its caller in the audit log."""
        return DeviceImport(self, actor)

    async def register(
        self, uuid: str, actor: str, devices: Sequence[tuple[int, NewDevice]], is_repeated: Callable[[int], bool]
    ) -> Outcome:
        """Register devices; see DeviceImport.register."""
        if not devices:
            return Outcome()
        prepared = await run_in_compute_thread(candidates, devices, self._hasher, self._key_length)
        batch = Batch(uuid, actor, prepared, self._was_used, is_repeated)
        # One batch at a time waits for the database, whatever the number of imports.
        async with self._turn:
            outcome = await self._stored(batch)
        self._registry.imported(outcome.first_id, outcome.last_id)
        for device_id in outcome.renewed:
            self._registry.changed(device_id)
        return outcome

    async def _stored(self, batch: Batch) -> Outcome:
        for _ in range(TRIES):
            now = self._clock()
            try:
                return await self._database.write(lambda connection: register_batch(connection, batch, now))  # noqa: B023
            except IntegrityError:
                # A single registration used one of the names. The next attempt finds it.
                continue
        raise Unavailable("NAMES_CONTENDED", "Others register devices with the same names; send the batch again.")


class DeviceImport:
    """One stream of an import."""

    def __init__(self, imports: DeviceImports, actor: str) -> None:
        self._imports = imports
        self._actor = actor
        self._registered = IdSet()

    async def register(self, uuid: str, devices: Sequence[tuple[int, NewDevice]]) -> Outcome:
        """Register the devices in one transaction, durably on return. Raises Unavailable.

        uuid: the import's id. devices: with their indexes; the caller has checked their texts. A device that the same import has
        registered before, and that has not been in use, gets a new key. Its former key is valid until the first use of that.
        """
        outcome = await self._imports.register(uuid, self._actor, devices, self._registered.__contains__)
        self._registered.update(one.device_id for one in outcome.imported)
        return outcome
