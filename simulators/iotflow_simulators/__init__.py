"""Simulated devices. They use the public contract only."""


class SimulationError(Exception):
    """A simulation cannot go on: a sentence for the terminal that names the problem and the remedy.

    Its cause is a ServerError where the service refused or did not answer a call.
    """
