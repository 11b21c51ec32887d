"""What a client of an MQTT broker may publish and hear."""

from iotflow_server.devices.device import Device

# No device is named so: names have no slash.
ADAPTER, REGISTRAR = "iotflow/gateway", "iotflow/registrar"
# Firmware of the older service has topics without a prefix.
OLDER = "devices"
# What devices publish below their own id or name, and what is below that.
PUBLISHED = ("telemetry", "heartbeat", "status", "commands/ack", "config/reported")


class BrokerRules:
    """prefix: the first part of every topic."""

    def __init__(self, prefix: str) -> None:
        self._roots = (f"{prefix}/devices/", f"{OLDER}/")
        self._fleet = f"{prefix}/fleet/commands/"
        self._discovery = {"publish": f"{prefix}/discovery/register/", "subscribe": f"{prefix}/discovery/response/"}

    def allows(self, device: Device, topic: str, action: str) -> bool:
        """A topic, or the filter of a subscription: below the device's own id or name, and nowhere else.

        What the adapter says there the device may not: retained, it would wait for the next device of its name.
        """
        if action == "subscribe" and topic.startswith(self._fleet):
            return True
        places = [f"{root}{own}/" for root in self._roots for own in (str(device.id), device.name)]
        if action == "publish":
            return any(f"{topic}/".startswith(f"{place}{one}/") for place in places for one in PUBLISHED)
        return any(topic.startswith(place) for place in places)

    def allows_registrar(self, topic: str, action: str) -> bool:
        """Asking for devices to be registered, and hearing one answer at a time."""
        name = topic.removeprefix(self._discovery[action])
        return name != topic and not set("/+#") & set(name)
