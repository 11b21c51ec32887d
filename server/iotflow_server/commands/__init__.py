"""Commands to devices: state, delivery and leases."""
