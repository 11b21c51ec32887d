"""`iotflow backup`, `restore` and `reset`: the state of the service in one file, and back."""
