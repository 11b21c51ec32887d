"""The settings of the adapter, read once from the environment and .env."""

import os
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from iotflow.topic_names import topic_prefix


class WrongGatewaySettings(Exception):
    """Invalid settings. The message has one line for each, beginning with its name."""


# Settings that were withdrawn, each with the reason and the setting in its place.
WITHDRAWN = {
    "IOTFLOW_GATEWAY_MQTT_TOPIC_PREFIX": "the prefix of the topics is one setting for the adapter, the server and Mosquitto's access "
    "control list: set IOTFLOW_MQTT_TOPIC_PREFIX for all of them instead"
}

# An empty path means no path, not the current folder.
OptionalPath = Annotated[Path | None, BeforeValidator(lambda given: given or None)]


class GatewaySettings(BaseSettings):
    """Each field is set by the environment variable IOTFLOW_GATEWAY_<FIELD>, or by those of its alias."""

    model_config = SettingsConfigDict(
        env_prefix="IOTFLOW_GATEWAY_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    server: str = Field("127.0.0.1:50051", min_length=1, description="The gRPC server, host:port.")
    token: SecretStr = Field(
        SecretStr(""), description="Token of the role gateway. Empty: read from `IOTFLOW_GATEWAY_TOKEN_FILE`."
    )
    token_file: OptionalPath = Field(None, description="File that holds the token.")
    broker: Literal["elsewhere", "embedded"] = Field(
        "elsewhere",
        description="A broker in another process, or the MQTT endpoint inside the adapter.",
    )
    mqtt_host: str = Field(
        "127.0.0.1",
        min_length=1,
        validation_alias=AliasChoices("IOTFLOW_GATEWAY_MQTT_HOST", "IOTFLOW_MQTT_HOST", "MQTT_HOST"),
        description="The broker's address, or the one at which the MQTT endpoint listens.",
    )
    mqtt_port: Annotated[int, Field(ge=1, le=65535)] = Field(
        1883,
        validation_alias=AliasChoices("IOTFLOW_GATEWAY_MQTT_PORT", "IOTFLOW_MQTT_PORT", "MQTT_PORT"),
        description="The broker's port, or that of the MQTT endpoint without TLS.",
    )
    mqtt_username: str = Field(
        "iotflow/gateway",
        validation_alias=AliasChoices("IOTFLOW_GATEWAY_MQTT_USERNAME", "MQTT_USERNAME"),
        description="The adapter's account at the broker. No device can have this name.",
    )
    mqtt_password: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("IOTFLOW_GATEWAY_MQTT_PASSWORD", "MQTT_PASSWORD"),
        description="Password of that account. Empty: the token.",
    )
    mqtt_tls: bool = Field(False, description="Connect to the broker with TLS.")
    mqtt_ca_file: OptionalPath = Field(
        None, description="File of the certificate authority of the broker. Empty: those of the system."
    )
    mqtt_protocol: Literal["5", "3.1.1"] = Field("5", description="MQTT version of the connection to the broker.")
    tls_certificate_file: OptionalPath = Field(
        None,
        description="Certificate of the MQTT endpoint in PEM, with those between it and the authority. Empty: the endpoint has no TLS.",
    )
    tls_key_file: OptionalPath = Field(None, description="Private key of that certificate, in PEM.")
    tls_client_ca_file: OptionalPath = Field(
        None,
        description="Authorities that sign certificates of devices, in PEM, and lists of revoked certificates. Empty: devices log in "
        "with their keys only.",
    )
    tls_port: int = Field(8883, ge=1, le=65_535, description="Port of the MQTT endpoint with TLS.")
    websocket_port: int = Field(
        0, ge=0, le=65_535, description="Port of MQTT by WebSocket at the MQTT endpoint. 0: none."
    )
    websocket_tls_port: int = Field(
        0, ge=0, le=65_535, description="Port of MQTT by WebSocket with TLS at the MQTT endpoint. 0: none."
    )
    json_socket: OptionalPath = Field(
        None,
        description="Unix socket at which the adapter serves JSON by WebSocket to Envoy. Empty: it does not serve it.",
    )
    envoy_secret: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices("IOTFLOW_ENVOY_SECRET"),
        description="Secret that Envoy sends in `x-iotflow-envoy`. Without it the adapter ignores `x-forwarded-for`. Empty: always "
        "ignored.",
    )
    server_reference: str = Field(
        "",
        max_length=1_000,
        description="Address of another MQTT endpoint, such as `mqtt2.example.com:8883`, which clients of MQTT 5 are given when this one "
        "stops. Empty: none.",
    )
    plaintext: bool = Field(
        False,
        description="Let the MQTT endpoint listen without TLS beyond loopback, where the network can read the keys of devices. Otherwise "
        "it listens there with TLS only.",
    )
    mqtt_topic_prefix: Annotated[str, AfterValidator(topic_prefix)] = Field(
        "iotflow",
        validation_alias=AliasChoices("IOTFLOW_MQTT_TOPIC_PREFIX"),
        description="First part of every MQTT topic. The server and Mosquitto's access control list must have the same one.",
    )
    name: str = Field(
        "1",
        pattern="^[A-Za-z0-9_-]{1,40}$",
        description="Name of this adapter among several at one broker. It identifies the adapter's session, so keep it across restarts.",
    )
    group: str = Field(
        "",
        pattern="^[^/+#]*$",
        description="Adapters of one group share the load, by `$share/<group>/`. Empty: this adapter receives everything.",
    )
    window: int = Field(
        10_000,
        ge=1,
        le=65_535,
        description="Largest number of messages received from the broker and not yet acknowledged.",
    )
    accounts: Literal["broker", "payload"] = Field(
        "broker",
        description="How the publisher of a message is identified: by the broker, which restricts a device to its own topics, or by an "
        "`api_key` in each payload, for a broker without accounts.",
    )
    mosquitto_dir: OptionalPath = Field(
        None,
        description="Folder of a Mosquitto on this machine. The adapter updates its file `passwords` when devices change. Empty: the "
        "adapter does not manage accounts.",
    )
    mosquitto_pid_file: OptionalPath = Field(
        None, description="Mosquitto's `pid_file`. Empty: `mosquitto.pid` in `IOTFLOW_GATEWAY_MOSQUITTO_DIR`."
    )
    discovery: bool = Field(False, description="Let clients without an account register devices at the MQTT endpoint.")
    anonymous: bool = Field(
        False,
        description="Let clients without a login publish messages that hold a valid `api_key`, and nothing else: at the MQTT "
        "endpoint, or at a listener of another broker with the mount point `anonymous/`.",
    )
    ready_file: OptionalPath = Field(None, description="File that the adapter creates when it receives messages.")
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of Prometheus metrics, on loopback. 0: none.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        validation_alias=AliasChoices("IOTFLOW_GATEWAY_LOG_LEVEL", "IOTFLOW_LOG_LEVEL"),
        description="Lowest level that is logged.",
    )
    log_format: Literal["console", "json"] = Field(
        "json",
        validation_alias=AliasChoices("IOTFLOW_GATEWAY_LOG_FORMAT", "IOTFLOW_LOG_FORMAT"),
        description="Format of the log: text for a terminal, or JSON lines.",
    )

    def secret(self) -> str:
        """The token, or an empty string. Raises WrongGatewaySettings if its file cannot be read."""
        if token := self.token.get_secret_value():
            return token
        try:
            return self.token_file.read_text().strip() if self.token_file else ""
        except OSError as error:
            problem = f"the file {self.token_file} cannot be read ({error.strerror})"
            raise WrongGatewaySettings(f"IOTFLOW_GATEWAY_TOKEN_FILE: {problem}") from None


def load_settings() -> GatewaySettings:
    """Read the environment. Raises WrongGatewaySettings, which names every invalid setting and shows no secret."""
    if problems := [f"{name}: {reason}" for name, reason in WITHDRAWN.items() if name in _given()]:
        raise WrongGatewaySettings("\n".join(problems))
    try:
        settings = GatewaySettings()
    except ValidationError as error:
        lines = [
            f"{variable(item['loc'])}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_input=False)
        ]
        raise WrongGatewaySettings("\n".join(lines)) from None
    if settings.accounts == "payload" and settings.mosquitto_dir:
        raise WrongGatewaySettings(
            "IOTFLOW_GATEWAY_MOSQUITTO_DIR: with IOTFLOW_GATEWAY_ACCOUNTS=payload devices have no accounts at the broker; set one of"
            " the two only"
        )
    if not settings.secret():
        raise WrongGatewaySettings(
            "IOTFLOW_GATEWAY_TOKEN: not set; set it, or IOTFLOW_GATEWAY_TOKEN_FILE, to a token of the role gateway"
        )
    return settings


def unknown_settings() -> list[str]:
    """Variables with the prefix of the adapter's settings that are not settings."""
    known = {f"IOTFLOW_GATEWAY_{name.upper()}" for name in GatewaySettings.model_fields}
    return sorted(name for name in _given() if name.startswith("IOTFLOW_GATEWAY_") and name not in known)


def _given() -> set[str]:
    """The names of all variables of the environment and of .env."""
    return {*os.environ, *(name.upper() for name in dotenv_values(".env"))}


def variable(location: tuple[int | str, ...]) -> str:
    """The environment variable at the location of a validation error."""
    name = str(location[0])
    return name.upper() if name.isupper() else f"IOTFLOW_GATEWAY_{name.upper()}"
