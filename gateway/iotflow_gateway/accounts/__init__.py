"""The accounts of devices, as the server has them and as a broker needs them."""
