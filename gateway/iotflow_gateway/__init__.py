"""The MQTT adapter: a client of a broker and of the contract, and of nothing else."""
