"""IoTFlow for Python: the contract in `iotflow.v1`, a client on top."""
