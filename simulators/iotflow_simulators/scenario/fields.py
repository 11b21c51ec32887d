"""The keys of a scenario file. The loader, the JSON Schema and the tables of the documentation are made from them."""

from iotflow_simulators.faults.registry import FAULTS
from iotflow_simulators.models.registry import MODELS
from iotflow_simulators.scenario.kinds import Choice, Field, Number, Text, Whole
from iotflow_simulators.scenario.scenario import DAYS, Door
from iotflow_simulators.scenario.structures import Either, ListOf, MapOf, Object, Variant
from iotflow_simulators.scenario.times import ClockTime, Duration, Instant, UtcOffset

MAX_DEVICES = 100_000
MAX_FLEETS = 100
MAX_FAULTS = 200
# Rotations of keys in a second of the scenario.
MAX_ROTATIONS = 50
LARGEST_SEED = 2**53 - 1
# The shortest and the longest scenario.
LENGTHS = ("1s", "31d")
_DOORS = Choice(tuple(Door))
_NAME = Text(64, r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", "letters, digits, `_`, `.` and `-` are accepted")
_PATTERN = Text(
    64,
    r"^([A-Za-z0-9_.-]|\{fleet\})*(\{n(:0?[1-9])?\})?([A-Za-z0-9_.-]|\{fleet\})*$",
    "letters, digits, `_`, `.`, `-`, `{fleet}` and one `{n}` or `{n:04}` are accepted",
)
_KEY = Text(64, r"^[A-Za-z_][A-Za-z0-9_]*$", "letters, digits and `_` are accepted")

_HOURS = Object(
    {"from": Field(ClockTime(), "local time of switching on"), "to": Field(ClockTime(), "of switching off")}
)
SCHEDULE = Object(
    {
        "hours": Field(ListOf(_HOURS, 12, 1), "parts of the day; `to` before `from` passes midnight"),
        "days": Field(ListOf(Choice(DAYS), 7, 1), "`mon` to `sun`, of the hours' start", DAYS, "all"),
    }
)
STAGE = Object(
    {
        "from": Field(Number(0, 10), "rate at the start, as a multiple of what the intervals give"),
        "to": Field(Number(0, 10), "rate at the end; the last stage's stays"),
        "over": Field(Duration("100ms", "31d"), "length"),
    }
)
FLEET = Variant(
    Object(
        {
            "name": Field(_NAME, "unique in the file"),
            "model": Field(Choice(tuple(MODELS)), "see [Models](#models)"),
            "devices": Field(Whole(1, MAX_DEVICES), "number of devices"),
            "names": Field(_PATTERN, "pattern of the devices' names; `{n:04}` is 0001", "{fleet}-{n}", "{fleet}-{n}"),
            "door": Field(
                Either(
                    _DOORS, MapOf(Text(8, f"^({'|'.join(Door)})$", f"doors are {', '.join(Door)}"), Number(0, 1), 5)
                ),
                "how readings are sent; shares must have the sum 1; devices of `gateway` execute no commands",
                "mqtt",
                "mqtt",
            ),
            "interval": Field(Duration("50ms", "1d"), "time between two readings of a device", 5_000, "5s"),
            "parameters": Field(Object({}), "of the model, see [Models](#models)", None),
            "metadata": Field(MapOf(_KEY, Text(256), 20), "texts that are sent with each reading", {}),
            "schedule": Field(SCHEDULE, "when these devices are on", None, "the scenario's"),
            "rotate_keys": Field(
                Duration("1s", "31d"), "time between two rotations of a device's key; not with `gateway`", 0, "never"
            ),
        }
    ),
    "model",
    {name: Object(model.PARAMETERS) for name, model in MODELS.items()},
)
FAULT = Variant(
    Object(
        {
            "kind": Field(Choice(tuple(FAULTS)), "see [Faults](#faults)"),
            "name": Field(_NAME, "chooses the fault's random numbers, unique in the file", "", "{kind}-{number}"),
            "fleet": Field(_NAME, "only devices of this fleet", "", "all"),
            "devices": Field(ListOf(_NAME, 1_000, 1), "only devices with these names", (), "all"),
            "share": Field(Number(0.0001, 1), "share of these devices, chosen by the seed, at least one", 1.0, "1"),
            "at": Field(Duration("0s", "31d"), "start of the fault", None, "0s"),
            "for": Field(Duration("1ms", "31d"), "length of the fault", 0, "until the end"),
            "rate": Field(
                Number(0.001, 3600), "in place of `at`: occurrences an hour in each device, at random times", 0.0
            ),
            "parameters": Field(Object({}), "of the kind, see [Faults](#faults)", None),
        }
    ),
    "kind",
    {name: Object(fault.parameters) for name, fault in FAULTS.items()},
)
SCENARIO = Object(
    {
        "name": Field(_NAME, "of the scenario"),
        "seed": Field(Whole(0, LARGEST_SEED), "chooses all random numbers", 1, "1"),
        "start": Field(
            Instant(), "time of the first reading, in the readings", 1_768_435_200_000, "2026-01-15T00:00:00Z"
        ),
        "duration": Field(Duration(*LENGTHS), "length of the scenario"),
        "utc_offset": Field(UtcOffset(), "local time of the devices", 0, "+00:00"),
        "fleets": Field(ListOf(FLEET, MAX_FLEETS, 1), "see [Fleets](#fleets)"),
        "schedule": Field(SCHEDULE, "when the devices are on, see [Schedule](#schedule)", None, "always"),
        "stages": Field(ListOf(STAGE, 100), "ramps of the rate, see [Stages](#stages)", (), "rate 1"),
        "faults": Field(ListOf(FAULT, MAX_FAULTS), "see [Faults](#faults)", ()),
    }
)
