"""MqttService: accounts and permissions of MQTT brokers."""
