"""Configuration twins over REST."""

from typing import Any

from tests.e2e.rest.case import Case
from tests.e2e.rest.shapes import TEXT, TIME, refusal
from tests.e2e.rest.world import World

CONFIG = "/api/v1/admin/devices/{own}/config"
OK = {"status": "success"}


def configured(world: World) -> None:
    world.call("PUT", CONFIG, "admin", json={"configuration": {"interval": 60, "mode": {"eco": True, "fan": 1}}})
    world.call("PUT", "/api/v1/devices/config", "device", json={"configuration": {"interval": 60, "mode": {"fan": 1}}})


def patched(world: World, version: int, **desired: Any) -> dict[str, Any]:
    return {**OK, "message": TEXT, "device_id": world.own.id, "desired": desired, "desired_version": version}


CASES = [
    Case(
        "nothing desired, nothing reported",
        "GET",
        CONFIG,
        "viewer",
        200,
        lambda w: {
            **OK,
            "device_id": w.own.id,
            "desired": {},
            "desired_version": 0,
            "desired_changed_by": "",
            "reported": {},
            "difference": {},
            "in_sync": True,
        },
    ),
    Case(
        "what is not reported as desired",
        "GET",
        CONFIG,
        "viewer",
        200,
        lambda w: {
            **OK,
            "device_id": w.own.id,
            "desired": {"interval": 60, "mode": {"eco": True, "fan": 1}},
            "desired_version": 1,
            "desired_changed_at": TIME,
            "desired_changed_by": "token:admin-token",
            "reported": {"interval": 60, "mode": {"fan": 1}},
            "difference": {"mode": {"eco": True}},
            "in_sync": False,
        },
        before=configured,
    ),
    Case(
        "a merge patch",
        "PATCH",
        CONFIG,
        "admin",
        200,
        lambda w: patched(w, 2, interval=30, mode={"fan": 1}),
        {"patch": {"interval": 30, "mode": {"eco": None}}, "expected_version": 1},
        before=configured,
    ),
    Case(
        "a patch that changes nothing",
        "PATCH",
        CONFIG,
        "admin",
        200,
        lambda w: patched(w, 1, interval=60, mode={"eco": True, "fan": 1}),
        {"patch": {"interval": 60}},
        before=configured,
    ),
    Case(
        "a patch of another version",
        "PATCH",
        CONFIG,
        "admin",
        409,
        refusal(409, "VERSION_CONFLICT", "expected_version", code=10),
        {"patch": {"interval": 30}, "expected_version": 0},
        before=configured,
    ),
    Case("no patch", "PATCH", CONFIG, "admin", 400, refusal(400, "INVALID_ARGUMENT", "patch"), {}),
    Case(
        "history",
        "GET",
        f"{CONFIG}/versions",
        "viewer",
        200,
        {
            **OK,
            "versions": [
                {
                    "version": 1,
                    "desired": {"interval": 60, "mode": {"eco": True, "fan": 1}},
                    "changed_by": "token:admin-token",
                    "changed_at": TIME,
                }
            ],
            "next_page_token": "",
        },
        before=configured,
    ),
]
