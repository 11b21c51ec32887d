"""Why a simulation does not go on."""


class SimulationFailed(Exception):
    """A plain sentence for the person at the terminal: what is wrong and what to do."""
