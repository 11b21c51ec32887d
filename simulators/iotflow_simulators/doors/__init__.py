"""How simulated devices reach the service. All doors send the same readings."""
