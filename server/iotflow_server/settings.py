"""Every setting of the server, read once from the environment (IOTFLOW_*) and .env, and checked."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote

from dotenv import dotenv_values
from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from iotflow.topic_names import topic_prefix
from iotflow_server.auth.credentials import weakness

# What the command line reads; the server itself does not.
VARIABLES_OF_THE_COMMAND = {"IOTFLOW_PROFILE", "IOTFLOW_TOKEN"}


class WrongSettings(Exception):
    """Invalid settings; the message has one line for each, with its name."""


def older(name: str, alias: str) -> AliasChoices:
    """The name of the setting, then its name in the older service."""
    return AliasChoices(f"IOTFLOW_{name}", alias)


class Settings(BaseSettings):
    """Each field is the environment variable IOTFLOW_<FIELD>; descriptions go into docs/settings.md."""

    model_config = SettingsConfigDict(
        env_prefix="IOTFLOW_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    data_dir: Path = Field(Path("data"), description="Folder of the databases, the admin token and the key secret.")
    grpc_host: str = Field("127.0.0.1", description="Address the gRPC server listens on.")
    grpc_port: int = Field(50051, ge=0, le=65535, description="Port the gRPC server listens on. 0: any free port.")
    database_url: str = Field(
        "",
        pattern=r"^(|sqlite:///.+|postgres(ql)?(\+\w+)?://.+)$",
        validation_alias=older("DATABASE_URL", "DATABASE_URL"),
        description="Registry database, `sqlite:///…` or `postgresql://…`. Empty: registry.db in the data folder.",
    )
    telemetry: str = Field(
        "sqlite",
        pattern="^(sqlite|iotdb://.+)$",
        repr=False,
        description="Telemetry store: `sqlite` (in the data folder) or `iotdb://user:password@host:port[,host:port]`.",
    )
    iotdb_host: str = Field(
        "",
        validation_alias=older("IOTDB_HOST", "IOTDB_HOST"),
        description="IoTDB host, as the older service sets it. Used if `IOTFLOW_TELEMETRY` is not set.",
    )
    iotdb_port: int = Field(
        6667,
        ge=1,
        le=65535,
        validation_alias=older("IOTDB_PORT", "IOTDB_PORT"),
        description="Port of `IOTFLOW_IOTDB_HOST`.",
    )
    iotdb_user: str = Field(
        "root",
        min_length=1,
        validation_alias=older("IOTDB_USER", "IOTDB_USER"),
        description="User of `IOTFLOW_IOTDB_HOST`.",
    )
    iotdb_password: SecretStr = Field(
        SecretStr("root"),
        validation_alias=older("IOTDB_PASSWORD", "IOTDB_PASSWORD"),
        description="Password of `IOTFLOW_IOTDB_USER`.",
    )
    journal_limit_bytes: int = Field(
        4 * 2**30,
        ge=2**20,
        description="Size limit of the journal in front of IoTDB. Above it readings are rejected with the time of the next attempt.",
    )
    store_start_seconds: float = Field(
        30,
        ge=0,
        le=3_600,
        description="Time that the start waits for IoTDB. Afterwards readings are stored in the journal until IoTDB is available.",
    )
    redis_url: str = Field(
        "",
        # Not in the representation of the settings, because it may hold a password.
        repr=False,
        pattern="^(|(redis|rediss|unix)://.+)$",
        validation_alias=older("REDIS_URL", "REDIS_URL"),
        description="Redis that shares live feed, newest values, presence and rate limits between processes: `redis://…`, `rediss://…` or `unix://…`.",
    )
    workers: int = Field(
        1,
        ge=1,
        le=256,
        description="Number of server processes on one port. More than one requires `IOTFLOW_REDIS_URL`.",
    )
    registration: Literal["open", "token", "closed"] = Field(
        "token",
        description="Callers that may register devices: anyone, holders of a registrar or admin token, or admins only.",
    )
    public_reads: bool = Field(False, description="Allow reads of telemetry without a credential.")
    public_diagnostics: bool = Field(
        False,
        description="Allow metrics, detailed health and reflection without a token. Otherwise a viewer's or admin's is required.",
    )
    envoy_secret: SecretStr = Field(
        SecretStr(""),
        description="Secret that Envoy sends in `x-iotflow-envoy`. Without it the server ignores `x-forwarded-for`. Empty: always ignored.",
    )
    admin_token: SecretStr = Field(
        SecretStr(""), description="The admin token. Empty: generated, in the file `admin-token` of the data folder."
    )
    gateway_token: SecretStr = Field(
        SecretStr(""),
        description="The MQTT adapter's token. Empty: generated, in the file `gateway-token` of the data folder.",
    )
    key_secret: SecretStr = Field(
        SecretStr(""),
        description="Secret of the key hashes. Empty: generated, in the file `key-secret` of the data folder.",
    )
    api_key_length: int = Field(
        32,
        ge=24,
        le=128,
        validation_alias=older("API_KEY_LENGTH", "API_KEY_LENGTH"),
        description="Length of a new device key, in characters.",
    )
    key_grace_seconds: int = Field(
        3600,
        ge=0,
        le=2_592_000,
        description="Time that a rotated key stays valid, from the first use of its successor.",
    )
    online_window_seconds: int = Field(
        300, ge=1, le=86_400, description="A device is online for this time after its last message."
    )
    history_days: float = Field(
        90,
        ge=0,
        le=36_500,
        description="Retention of finished commands (with their idempotency keys) and earlier desired configurations. 0: no limit.",
    )
    rate_limit_per_minute: int = Field(
        0,
        ge=0,
        validation_alias=older("RATE_LIMIT_PER_MINUTE", "RATE_LIMIT_PER_MINUTE"),
        description="Calls a minute for each device, token (except gateways) or address. A stream counts once. 0: no limit.",
    )
    wrong_credentials_per_minute: int = Field(
        300,
        ge=1,
        description="Wrong keys and tokens a minute from one address. Above it, credentials never accepted before are not looked up.",
    )
    max_message_bytes: int = Field(
        16 * 2**20, ge=65_536, le=2**30, description="Largest message that the gRPC server accepts."
    )
    max_batch_rows: int = Field(100_000, ge=1, le=10_000_000, description="Largest number of rows in a columnar batch.")
    max_batch_columns: int = Field(1_000, ge=1, le=100_000, description="Largest number of measurements in a reading.")
    max_batch_values: int = Field(
        1_000_000, ge=1, le=100_000_000, description="Largest number of rows times columns in a batch."
    )
    max_device_measurements: int = Field(
        2_000,
        ge=1,
        le=100_000,
        description="Largest number of measurements of a device. Values of further measurements are rejected; stored ones stay.",
    )
    max_text_bytes: int = Field(65_536, ge=1, le=2**24, description="Longest text value, in bytes of UTF-8.")
    ingest_queue_bytes: int = Field(
        256 * 2**20,
        ge=2**20,
        description="Size of the queue in front of the store. When it is full, senders wait.",
    )
    stream_window: int = Field(
        256, ge=1, le=100_000, description="Largest number of batches of one stream that wait for the store."
    )
    streams_per_caller: int = Field(
        200,
        ge=1,
        le=1_000_000,
        description="Open streams of a device, token or (without a credential) address, besides the two kinds below. Gateways are exempt.",
    )
    subscriptions_per_caller: int = Field(
        100,
        ge=1,
        le=1_000_000,
        description="Open subscriptions of a caller, to live readings and to changes of commands.",
    )
    reads_per_caller: int = Field(10, ge=1, le=100_000, description="Concurrent reads and exports of a caller.")
    write_timeout_seconds: float = Field(
        60,
        gt=0,
        le=3_600,
        description="A stream ends if its caller reads nothing of a message for this time. A stream with nothing to send may be silent.",
    )
    keepalive_seconds: float = Field(
        60,
        ge=1,
        le=7_200,
        description="Interval of pings on an idle connection.",
    )
    keepalive_timeout_seconds: float = Field(
        20, ge=0.1, le=600, description="A connection that does not answer a ping within this time is closed."
    )
    max_ahead_seconds: float = Field(
        86_400,
        ge=0,
        le=3_153_600_000,
        description="Readings later than this from the server's time are rejected. 0: no limit.",
    )
    retention_days: float = Field(
        0, ge=0, le=36_500, description="Readings older than this, by their own time, are removed. 0: no limit."
    )
    subscriber_queue_bytes: int = Field(
        16 * 2**20,
        ge=1_024,
        description="Size of the queue of one live subscriber. When it is full, the oldest readings are dropped.",
    )
    heartbeat_seconds: float = Field(
        15, gt=0, le=300, description="Interval of heartbeats on a live stream with nothing to send."
    )
    drain_seconds: float = Field(10, ge=0, le=600, description="Time that calls have to finish when the server stops.")
    mqtt_host: str = Field(
        "",
        validation_alias=older("MQTT_HOST", "MQTT_HOST"),
        description="Address of the MQTT broker that devices are given. Empty: no broker.",
    )
    mqtt_port: Annotated[int, Field(ge=1, le=65535)] = Field(
        1883,
        validation_alias=older("MQTT_PORT", "MQTT_PORT"),
        description="Port of the MQTT broker that devices are given.",
    )
    mqtt_topic_prefix: Annotated[str, AfterValidator(topic_prefix)] = Field(
        "iotflow", description="First part of every MQTT topic."
    )
    parts_file: Path | None = Field(
        None,
        description="File that names the stopped parts of the service, for `/health`. `iotflow up` sets it.",
    )
    mqtt_anonymous: bool = Field(
        False,
        description="Let clients without a login connect to brokers that ask by HTTP, and publish messages that hold an `api_key`.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Lowest level that is logged.")
    log_format: Literal["console", "json"] = Field(
        "json", description="Format of the log: text for a terminal, or JSON lines."
    )

    @field_validator("admin_token", "gateway_token", "key_secret")
    @classmethod
    def _hard_to_guess(cls, secret: SecretStr) -> SecretStr:
        if secret.get_secret_value() and (problem := weakness(secret.get_secret_value())):
            raise ValueError(problem)
        return secret

    @field_validator("gateway_token")
    @classmethod
    def _another_than_the_admins(cls, secret: SecretStr, others: ValidationInfo) -> SecretStr:
        if secret.get_secret_value() and secret == others.data.get("admin_token"):
            raise ValueError("must differ from the admin token; choose another secret")
        return secret

    @field_validator("workers")
    @classmethod
    def _share_by_redis(cls, workers: int, others: ValidationInfo) -> int:
        if workers > 1 and not others.data.get("redis_url", True):
            raise ValueError(f"{workers} server processes share their state in Redis: set IOTFLOW_REDIS_URL")
        return workers

    @property
    def registry_url(self) -> str:
        """The URL of the registry's database, or its default."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve()}/registry.db"

    @property
    def wrong_credentials_limit(self) -> int:
        """The wrong credentials per minute from one address, at most the limit of calls."""
        return min(self.wrong_credentials_per_minute, self.rate_limit_per_minute or self.wrong_credentials_per_minute)

    @property
    def is_sole(self) -> bool:
        """Whether this process alone changes the registry."""
        return not self.redis_url and self.registry_url.startswith("sqlite:")

    @property
    def telemetry_url(self) -> str:
        """The telemetry store, also from the settings of the older service."""
        if "telemetry" in self.model_fields_set or not self.iotdb_host:
            return self.telemetry
        user, password = quote(self.iotdb_user, safe=""), quote(self.iotdb_password.get_secret_value(), safe="")
        return f"iotdb://{user}:{password}@{self.iotdb_host}:{self.iotdb_port}"

    @property
    def retention_ms(self) -> int | None:
        """The retention of readings in milliseconds; None: no limit."""
        return round(self.retention_days * 86_400_000) or None

    @property
    def max_ahead_ms(self) -> int | None:
        """The limit for times of readings after the server's time, in milliseconds; None: no limit."""
        return round(self.max_ahead_seconds * 1_000) or None

    @property
    def history(self) -> timedelta | None:
        """The retention of finished commands and earlier configurations; None: no limit."""
        return timedelta(days=self.history_days) or None


def load_settings() -> Settings:
    """Read the environment. Raises WrongSettings, which names every invalid setting and contains no secret."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [
            f"{variable(item['loc'])}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_input=False)
        ]
        raise WrongSettings("\n".join(lines)) from None


def unknown_settings() -> list[str]:
    """Variables with the prefix of settings that are no settings, and probably misspelt; without those of the MQTT adapter."""
    known = {f"IOTFLOW_{name.upper()}" for name in Settings.model_fields} | VARIABLES_OF_THE_COMMAND
    given = {*os.environ, *(name.upper() for name in dotenv_values(".env"))}
    ours = {name for name in given if name.startswith("IOTFLOW_") and not name.startswith("IOTFLOW_GATEWAY_")}
    return sorted(ours - known)


def variable(location: tuple[int | str, ...]) -> str:
    """The environment variable of a validation error."""
    name = str(location[0])
    return name.upper() if name.isupper() else f"IOTFLOW_{name.upper()}"
