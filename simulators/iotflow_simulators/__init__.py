"""Simulated devices. They use the public contract only."""


class SimulationError(Exception):
    """A simulation cannot go on: a sentence for the terminal that names the problem and the remedy."""
