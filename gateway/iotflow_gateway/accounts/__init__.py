"""Devices as the server knows them, and as a broker is to know them."""
