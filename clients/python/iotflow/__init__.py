"""IoTFlow for Python: the contract in `iotflow.v1`, and a client."""
