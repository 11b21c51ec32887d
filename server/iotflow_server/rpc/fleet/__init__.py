"""FleetService: the devices as people and programs run them."""
