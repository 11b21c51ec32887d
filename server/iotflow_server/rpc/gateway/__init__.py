"""GatewayService: requests of gateways on behalf of devices."""
