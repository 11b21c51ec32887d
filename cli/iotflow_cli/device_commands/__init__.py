"""`iotflow commands`: commands to devices, and their results."""
