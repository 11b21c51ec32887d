"""Devices without hardware: they know the contract and nothing of the server's insides."""
