"""The addresses of the MQTT endpoint, from the settings."""

from iotflow.loopback import is_loopback
from iotflow_gateway.endpoint import Certificates, Listener, TlsFiles, WrongCertificate
from iotflow_gateway.settings import GatewaySettings, WrongGatewaySettings

LOOPBACK = "127.0.0.1"
NO_CERTIFICATE = "set IOTFLOW_GATEWAY_TLS_CERTIFICATE_FILE and IOTFLOW_GATEWAY_TLS_KEY_FILE as well"
PLAINTEXT_PROBLEM = (
    "IOTFLOW_GATEWAY_MQTT_HOST: {host} can be reached from the network, where everyone could read the keys of devices; set"
    " IOTFLOW_GATEWAY_TLS_CERTIFICATE_FILE and IOTFLOW_GATEWAY_TLS_KEY_FILE, or IOTFLOW_GATEWAY_PLAINTEXT=true for a trusted network"
)


def listeners(settings: GatewaySettings) -> list[Listener]:
    """The listeners. Raises WrongGatewaySettings."""
    certificates, secret = _certificates(settings), settings.envoy_secret.get_secret_value()
    plain_host = _plain_host(settings, certificates)
    found = [Listener(plain_host, settings.mqtt_port)]
    if settings.websocket_port:
        found.append(Listener(plain_host, settings.websocket_port, is_websocket=True, envoy_secret=secret))
    if certificates:
        found.append(Listener(settings.mqtt_host, settings.tls_port, certificates))
        if port := settings.websocket_tls_port:
            found.append(Listener(settings.mqtt_host, port, certificates, is_websocket=True, envoy_secret=secret))
    elif settings.websocket_tls_port:
        raise WrongGatewaySettings(f"IOTFLOW_GATEWAY_WEBSOCKET_TLS_PORT: {NO_CERTIFICATE}")
    return found


def _plain_host(settings: GatewaySettings, certificates: Certificates | None) -> str:
    """The address without TLS: beyond loopback only if the settings allow it."""
    host = settings.mqtt_host
    if is_loopback(host) or settings.plaintext:
        return host
    if not certificates:
        raise WrongGatewaySettings(PLAINTEXT_PROBLEM.format(host=host))
    return LOOPBACK


def _certificates(settings: GatewaySettings) -> Certificates | None:
    certificate, key, client_ca = settings.tls_certificate_file, settings.tls_key_file, settings.tls_client_ca_file
    if certificate and key:
        try:
            return Certificates(TlsFiles(certificate, key, client_ca))
        except WrongCertificate as error:
            raise WrongGatewaySettings(str(error)) from None
    if certificate or key or client_ca:
        missing = "KEY" if certificate else "CERTIFICATE"
        raise WrongGatewaySettings(f"IOTFLOW_GATEWAY_TLS_{missing}_FILE: not set; TLS needs a certificate and its key")
    return None
