"""Every figure in a comment or rule of the contract is the constant that the code applies."""

import re
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from iotflow.contract import methods
from iotflow.readings import EXACT, LONGEST_NAME
from iotflow.readings.decoding import MOST_READINGS
from iotflow_server.commands.leases import LEASE
from iotflow_server.commands.transactions import HOLD, MOST_BYTES, MOST_OPEN
from iotflow_server.db.json_documents import MOST_CONFIGURATION_BYTES
from iotflow_server.db.models import CommandRow, DeviceRow
from iotflow_server.devices.statistics import DAYS, MOST_GROUPS
from iotflow_server.mqtt.deliveries import SLOTS
from iotflow_server.mqtt.sessions import MOST_OF_AN_OWNER
from iotflow_server.rpc.codec.batch_encoding import MOST_TEXT
from iotflow_server.rpc.codec.page_tokens import DEFAULT_SIZE
from iotflow_server.rpc.codec.page_tokens import MOST_BYTES as MOST_PAGE_BYTES
from iotflow_server.rpc.commands.acknowledgements import MOST_MESSAGE, MOST_STATE
from iotflow_server.rpc.fleet.measurements import MOST_MEASUREMENTS
from iotflow_server.rpc.fleet.statistics import MOST_RECENT
from iotflow_server.rpc.gateway.commands import MOST_LEASED
from iotflow_server.rpc.legacy.service import DEFAULT_LIMIT
from iotflow_server.rpc.mqtt.accounts import DEFAULT_PAGE
from iotflow_server.rpc.telemetry.query import DEFAULT_LIMIT as DEFAULT_READINGS
from iotflow_server.rpc.telemetry.query import MOST_DEVICES
from iotflow_server.rpc.tokens.service import MOST_TOKENS
from iotflow_server.settings import Settings
from iotflow_server.telemetry.type_conversion import MOST_READINGS as MOST_RETYPED
from tools.api import rules
from tools.api.contract import load

CONTRACT = load()
COMMENTS = {
    name.removeprefix("iotflow.v1."): text for name, text in CONTRACT.comments.items() if name.startswith("iotflow.v1.")
}
BYTES = f"at most {MOST_BYTES} bytes as JSON"
PAGE = f"A page holds at most {MOST_PAGE_BYTES // 2**20} MiB"
# What a comment says, by the element.
PHRASES = [
    *((name, BYTES) for name in (
        "Command.parameters",
        "Command.result",
        "SendCommandRequest.parameters",
        "SendGroupCommandRequest.parameters",
        "StreamCommandsRequest.result",
        "AckCommandRequest.result",
        "StreamDeviceCommandsRequest.result",
        "AckDeviceCommandRequest.result",
    )),
    ("SetDesiredConfigRequest.configuration", f"at most {MOST_CONFIGURATION_BYTES} bytes as JSON"),
    ("PatchDesiredConfigRequest.patch", f"at most {MOST_CONFIGURATION_BYTES} bytes as JSON"),
    ("CommandService.SendCommand", f"has {MOST_OPEN} open commands"),
    ("SendGroupCommandResponse.commands_refused", f"have {MOST_OPEN} open commands"),
    ("GatewayService.StreamDeviceCommands", f"within {LEASE.total_seconds():.0f} seconds"),
    ("GatewayService.StreamDeviceCommands", f"At most {MOST_LEASED} commands are offered"),
    ("GatewayService.OpenMqttSessions", f"at most {MOST_OF_AN_OWNER} for an owner"),
    ("GatewayService.AllocateTimestamps", f"last {SLOTS} messages"),
    ("FleetService.RetypeMeasurement", f"more than {MOST_RETYPED:,} readings"),
    ("FleetService.GetAnalytics", f"the {MOST_GROUPS} largest of each"),
    ("FleetService.GetAnalytics", f"the last {DAYS} days"),
    ("GetAnalyticsResponse.by_location", f"The {MOST_GROUPS} most common"),
    ("Column.measurement", f"1 to {LONGEST_NAME} visible characters"),
    ("RegisterDeviceRequest.name", f"1 to {DeviceRow.name.type.length} characters"),
    ("WatchAccountsRequest.page_size", f"Default: {DEFAULT_PAGE}"),
    ("ListDeviceStatusesRequest.limit", f"Default: {DEFAULT_LIMIT}"),
    ("ListAuditEntriesRequest.page_size", f"Default: {DEFAULT_SIZE}"),
    *((f"{request}.page_size", f"Default: {size}. {PAGE}") for request, size in (
        ("ListCommandsRequest", DEFAULT_SIZE),
        ("ListConfigVersionsRequest", DEFAULT_SIZE),
        ("ListDevicesRequest", DEFAULT_SIZE),
        ("PollCommandsRequest", MOST_OPEN),
        ("ListMeasurementsRequest", MOST_MEASUREMENTS),
        ("GetTelemetryRequest", DEFAULT_READINGS),
        ("GetTelemetryRangeRequest", DEFAULT_READINGS),
    )),
    ("ListTokensRequest.page_size", f"Default: {MOST_TOKENS}"),
    ("ListLatestTelemetryRequest.page_size", f"Default: {MOST_DEVICES}"),
]  # fmt: skip
# Figures in words.
WORDS = [
    ("GetDashboardResponse.recently_seen", "The ten devices", MOST_RECENT, 10),
    ("StreamDeviceCommandsRequest.state", "after a minute", HOLD.total_seconds(), 60),
]
# Figures of standards and notations, which no constant decides.
EXEMPT = re.compile(
    r"2\^53|RFC \d+|1970(-01-01)?|\d\d\d\d-\d\d-\d\d|-\d+h|INT64|64-bit|32-bit|HTTP \d+|1?\d digits|PBKDF2-SHA512"
    r"|Over 1, 5 and 15 minutes",
    re.IGNORECASE,
)
GRACE = next(rule.le for rule in Settings.model_fields["key_grace_seconds"].metadata if hasattr(rule, "le"))
RULES = [
    ("SubmitReadingsRequest.readings", "maxItems", MOST_READINGS),
    ("ReportPresenceRequest.reports", "maxItems", MOST_READINGS),
    ("Column.measurement", "maxLength", LONGEST_NAME),
    ("PollCommandsRequest.page_size", "maximum", MOST_OPEN),
    ("ListMeasurementsRequest.page_size", "maximum", MOST_MEASUREMENTS),
    ("ListTokensRequest.page_size", "maximum", MOST_TOKENS),
    ("ListLatestTelemetryRequest.page_size", "maximum", MOST_DEVICES),
    ("ListLatestTelemetryRequest.device_ids", "maxItems", MOST_DEVICES),
    ("CommandReceipt.state", "maxLength", MOST_STATE),
    ("CommandReceipt.message", "maxLength", MOST_MESSAGE),
    ("Rejection.measurement", "maxLength", MOST_TEXT),
    ("Rejection.message", "maxLength", MOST_TEXT),
    ("Command.name", "maxLength", CommandRow.name.type.length),
    ("Command.group_command", "maxLength", CommandRow.group_command.type.length),
    ("ResetDeviceKeyRequest.grace_seconds", "maximum", GRACE),
    *((f"{request}.{field}", "maxLength", getattr(DeviceRow, field).type.length)
        for request in ("RegisterDeviceRequest", "UpdateDeviceRequest")
        for field in ("device_type", "location", "firmware_version", "hardware_version")),
    ("SendCommandRequest.name", "maxLength", CommandRow.name.type.length),
    ("SendGroupCommandRequest.name", "maxLength", CommandRow.name.type.length),
    ("SendCommandRequest.idempotency_key", "maxLength", CommandRow.idempotency_key.type.length),
    ("AckDeviceCommandRequest.group_command", "maxLength", CommandRow.group_command.type.length),
]  # fmt: skip


def fields(message: Descriptor, seen: set[str]) -> Iterator[FieldDescriptor]:
    """The fields of a message and of the messages within it."""
    if message.full_name in seen:
        return
    seen.add(message.full_name)
    for field in message.fields:
        yield field
        if field.message_type:
            yield from fields(field.message_type, seen)


def by_name() -> dict[str, FieldDescriptor]:
    seen = set[str]()
    return {
        field.full_name.removeprefix("iotflow.v1."): field
        for method in methods()
        for message in (method.input_type, method.output_type)
        for field in fields(message, seen)
    }


FIELDS = by_name()


@pytest.mark.parametrize(("name", "phrase"), PHRASES)
def test_a_comment_has_the_figure_of_the_code(name: str, phrase: str) -> None:
    assert phrase.lower() in COMMENTS[name].lower()


@pytest.mark.parametrize(("name", "phrase", "figure", "expected"), WORDS)
def test_a_comment_has_the_figure_of_the_code_in_words(name: str, phrase: str, figure: float, expected: float) -> None:
    assert phrase in COMMENTS[name]
    assert figure == expected


@pytest.mark.parametrize("name", sorted(COMMENTS))
def test_no_figure_in_a_comment_is_without_a_constant(name: str) -> None:
    text = COMMENTS[name].lower()
    for element, phrase in PHRASES:
        if element == name:
            text = text.replace(phrase.lower(), "")
    assert re.findall(r"\d[\d,]*\d", EXEMPT.sub("", text)) == []


@pytest.mark.parametrize(("name", "keyword", "figure"), RULES)
def test_a_rule_has_the_figure_of_the_code(name: str, keyword: str, figure: int) -> None:
    assert rules.keywords(FIELDS[name])[keyword] == figure


# REST answers a device that acknowledges a larger id with 404.
ANY_ID = "AckCommandRequest.command_id"
IDS = [name for name, field in FIELDS.items() if field.name == "command_id" and "Request." in name and name != ANY_ID]


@pytest.mark.parametrize("name", IDS)
def test_ids_of_commands_are_exact_in_json(name: str) -> None:
    assert rules.keywords(FIELDS[name])["maximum"] == EXACT
