"""Commands of admins over REST."""

from typing import Any

from tests.e2e.rest.case import Case
from tests.e2e.rest.device_cases import command, send
from tests.e2e.rest.shapes import TEXT, TIME, WHOLE, refusal
from tests.e2e.rest.world import World

COMMANDS, OWN = "/api/v1/admin/commands", "/api/v1/admin/devices/{own}/commands"
OK = {"status": "success"}


def queued(world: World, **changed: Any) -> dict[str, Any]:
    """A new command."""
    fresh = command(world, state="queued")
    del fresh["delivered_at"]
    return {**fresh, **changed}


def finished(world: World, state: str) -> dict[str, Any]:
    return queued(world, state=state, finished_at=TIME)


def sent_twice(world: World) -> None:
    send(world)
    send(world)


CASES = [
    Case(
        "waited for, in vain",
        "POST",
        OWN,
        "admin",
        201,
        lambda w: {**OK, "message": TEXT, "command": queued(w, parameters={})},
        {"name": "reboot", "wait_seconds": 0.1},
    ),
    Case(
        "waited for, until it expires",
        "POST",
        OWN,
        "admin",
        201,
        lambda w: {**OK, "message": TEXT, "command": {**finished(w, "expired"), "expires_at": TIME, "parameters": {}}},
        {"name": "reboot", "wait_seconds": 20, "time_to_live_seconds": 1},
    ),
    Case(
        "waited for too long",
        "POST",
        OWN,
        "admin",
        400,
        refusal(400, "INVALID_ARGUMENT", "wait_seconds"),
        {"name": "reboot", "wait_seconds": 3_600},
    ),
    Case(
        "of a device",
        "GET",
        OWN,
        "viewer",
        200,
        lambda w: {**OK, "commands": [queued(w), queued(w)], "next_page_token": ""},
        before=sent_twice,
    ),
    Case(
        "of all, a page of one",
        "GET",
        COMMANDS,
        "viewer",
        200,
        lambda w: {**OK, "commands": [queued(w)], "next_page_token": TEXT},
        params={"page_size": "1", "state": "queued"},
        before=sent_twice,
    ),
    Case(
        "in an unknown state",
        "GET",
        COMMANDS,
        "viewer",
        400,
        refusal(400, "INVALID_ARGUMENT", "state"),
        params={"state": "lost"},
    ),
    Case("no such command", "GET", f"{COMMANDS}/999999", "viewer", 404, refusal(404, "COMMAND_NOT_FOUND")),
    Case("cancel none", "POST", f"{COMMANDS}/999999/cancel", "admin", 404, refusal(404, "COMMAND_NOT_FOUND"), {}),
    Case(
        "to nobody",
        "POST",
        "/api/v1/admin/groups/unheard of/commands",
        "admin",
        201,
        {
            **OK,
            "message": TEXT,
            "group": "unheard of",
            "commands_made": 0,
            "commands_found": 0,
            "commands_refused": 0,
            "group_command": TEXT,
        },
        {"name": "reboot"},
    ),
    Case(
        "to a group",
        "POST",
        "/api/v1/admin/groups/sensor/commands",
        "admin",
        201,
        {
            **OK,
            "message": TEXT,
            "group": "sensor",
            "commands_made": WHOLE,
            "commands_found": 0,
            "commands_refused": 0,
            "group_command": TEXT,
        },
        {"name": "reboot"},
    ),
]
