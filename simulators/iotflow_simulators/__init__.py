"""Simulated devices. They use the public contract only."""
