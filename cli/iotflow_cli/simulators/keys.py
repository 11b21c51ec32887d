"""Where this machine keeps the keys of simulated devices, also those of other servers."""

from iotflow_cli import local_defaults
from iotflow_cli.connections.target import Target
from iotflow_simulators.registration import KeyStore


def device_keys(target: Target) -> KeyStore:
    """The keys in the data folder."""
    return KeyStore(target.data_dir or local_defaults.data_dir())
