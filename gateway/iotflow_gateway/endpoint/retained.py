"""Retained messages."""

from collections import defaultdict
from collections.abc import Iterator

import structlog

from iotflow_gateway.endpoint.limits import MOST_RETAINED, MOST_RETAINED_BYTES
from iotflow_gateway.endpoint.publication import Publication

log = structlog.get_logger(__name__)


class Retained:
    """Retained messages, by device and topic. They belong to the device, not to the name in the topic, and are removed with it.
    Messages without a known device belong to device 0."""

    def __init__(self) -> None:
        self._by_device: defaultdict[int, dict[str, Publication]] = defaultdict(dict)

    def put(self, device_id: int, publication: Publication) -> None:
        """Replace the message of a topic; an empty payload removes it."""
        if publication.payload:
            self._by_device[device_id][publication.topic] = publication
        else:
            self._by_device[device_id].pop(publication.topic, None)

    def put_bounded(self, device_id: int, publication: Publication) -> None:
        """Replace the message of a topic for the device itself. A message above the device's limits is not retained."""
        own, topic = self._by_device[device_id], publication.topic
        others = sum(len(one.payload) for one in own.values() if one.topic != topic)
        is_too_large = others + len(publication.payload) > MOST_RETAINED_BYTES
        if publication.payload and (is_too_large or (topic not in own and len(own) >= MOST_RETAINED)):
            problem = f"the limit of a device is {MOST_RETAINED} messages and {MOST_RETAINED_BYTES} bytes"
            log.info("message_not_retained", problem=problem, device_id=device_id, topic=topic[:200])
        else:
            self.put(device_id, publication)

    def of(self, device_id: int) -> Iterator[Publication]:
        """The messages that the device may receive."""
        for one in {0, device_id}:
            yield from [kept for kept in self._by_device.get(one, {}).values() if not kept.is_expired]

    def remove(self, device_id: int) -> None:
        """Remove the messages of a removed device."""
        self._by_device.pop(device_id, None)
