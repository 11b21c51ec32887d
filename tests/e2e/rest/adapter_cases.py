"""GatewayService over REST: its unary methods."""

from tests.e2e.rest.case import Case
from tests.e2e.rest.device_cases import device
from tests.e2e.rest.shapes import TEXT, refusal

ROOT = "/api/v1/gateway"
PRESENCE, CONFIG = f"{ROOT}/presence", f"{ROOT}/devices/{{own}}/config"
ACK = f"{ROOT}/devices/{{own}}/commands/999999/ack"

CASES = [
    Case(
        "two devices and one that is none",
        "POST",
        PRESENCE,
        "gateway",
        200,
        {
            "accepted": 1,
            "rejected": [{"index": 1, "device_id": 999999, "reason": "DEVICE_NOT_FOUND", "message": TEXT}],
        },
        {"reports": [{"device_id": 1, "state": "heartbeat"}, {"device_id": 999999, "state": "online"}]},
    ),
    Case(
        "an unknown word",
        "POST",
        PRESENCE,
        "gateway",
        400,
        refusal(400, "INVALID_ARGUMENT", "reports[0].state"),
        {"reports": [{"device_id": 1, "state": "asleep"}]},
    ),
    Case("nothing", "POST", PRESENCE, "gateway", 400, refusal(400, "INVALID_ARGUMENT", "reports"), {}),
    Case(
        "reported for a device",
        "POST",
        CONFIG,
        "gateway",
        200,
        lambda w: {
            "config": {
                "status": "success",
                "message": TEXT,
                "device": device(w.own, configuration={"a": 1}),
                "config_key": "",
                "data_type": "",
            }
        },
        {"configuration": {"a": 1}},
    ),
    Case(
        "reported for no device",
        "POST",
        f"{ROOT}/devices/999999/config",
        "gateway",
        404,
        refusal(404, "DEVICE_NOT_FOUND"),
        {"configuration": {"a": 1}},
    ),
    Case(
        "no such command",
        "POST",
        ACK,
        "gateway",
        404,
        refusal(404, "COMMAND_NOT_FOUND"),
        {"state": "delivered"},
    ),
    Case(
        "an unknown state",
        "POST",
        ACK,
        "gateway",
        400,
        refusal(400, "INVALID_ARGUMENT", "state"),
        {"state": "queued"},
    ),
    *(
        Case(f"as {who}", "POST", path, who, status, refusal(status, reason), body)
        for path, body in (
            (PRESENCE, {"reports": [{"device_id": 1, "state": "online"}]}),
            (CONFIG, {"configuration": {"a": 1}}),
            (ACK, {"state": "delivered"}),
        )
        for who, status, reason in (
            ("nobody", 401, "CREDENTIAL_REQUIRED"),
            ("device", 403, "WRONG_ROLE"),
            ("viewer", 403, "WRONG_ROLE"),
        )
    ),
]
