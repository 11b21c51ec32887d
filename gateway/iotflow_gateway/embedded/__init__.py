"""The broker of a laptop: amqtt, MQTT 3.1.1, on the loopback, nothing to install."""
