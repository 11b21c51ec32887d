module iotflow.example/mqttload

go 1.24
