"""What is retained at the embedded broker. It belongs to devices, not to the names that stand in topics, and goes with them."""

from collections import defaultdict
from collections.abc import Iterator

import structlog

from iotflow_gateway.embedded.limits import MOST_RETAINED, MOST_RETAINED_BYTES

log = structlog.get_logger(__name__)


class Retained:
    """By device and topic; of a device that is not known, by 0."""

    def __init__(self) -> None:
        self._by_device: defaultdict[int, dict[str, bytes]] = defaultdict(dict)

    def put(self, device_id: int, topic: str, payload: bytes) -> None:
        """Whatever was retained there before is gone; empty: nothing is from now on."""
        if payload:
            self._by_device[device_id][topic] = payload
        else:
            self._by_device[device_id].pop(topic, None)

    def put_bounded(self, device_id: int, topic: str, payload: bytes) -> None:
        """As put, by the device itself: what is beyond its share is not retained."""
        own = self._by_device[device_id]
        size = sum(map(len, own.values())) - len(own.get(topic, b"")) + len(payload)
        if payload and (size > MOST_RETAINED_BYTES or (topic not in own and len(own) >= MOST_RETAINED)):
            problem = f"a device retains at most {MOST_RETAINED} messages and {MOST_RETAINED_BYTES} bytes"
            log.info("not retained", problem=problem, device_id=device_id, topic=topic[:200])
        else:
            self.put(device_id, topic, payload)

    def of(self, device_id: int) -> Iterator[tuple[str, bytes]]:
        """Topics and payloads that the device may hear of."""
        for one in {0, device_id}:
            yield from list(self._by_device.get(one, {}).items())

    def forget(self, device_id: int) -> None:
        """The device is gone."""
        self._by_device.pop(device_id, None)
