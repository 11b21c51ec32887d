"""One module a service: wire to domain and back, nothing else."""
