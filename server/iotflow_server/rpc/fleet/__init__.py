"""FleetService: administration of devices."""
