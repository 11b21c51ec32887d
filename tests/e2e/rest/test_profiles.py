"""Settings control who may register and read, and the rate limits."""

import sqlite3
from pathlib import Path

import httpx

from tests.e2e.rest.configured import REGISTER, configured_service
from tests.e2e.rest.shapes import refusal, without_noise
from tests.support.service import iotflow_up


def test_production_requires_a_token_for_registration_and_reads(tmp_path: Path) -> None:
    with configured_service(tmp_path, registration="token", public_reads="false") as (http, admin):
        answer = http.post(REGISTER, json={"name": "a"})
        assert (answer.status_code, without_noise(answer.json())) == (401, refusal(401, "TOKEN_REQUIRED"))
        token = http.post("/api/v1/admin/tokens", json={"name": "line 4", "role": "registrar"}, headers=admin).json()
        registrar = {"authorization": f"Bearer {token['secret']}"}
        made = http.post(REGISTER, json={"name": "a"}, headers=registrar)
        assert made.status_code == 201
        answer = http.get(f"/api/v1/telemetry/{made.json()['device']['id']}")
        assert (answer.status_code, without_noise(answer.json())) == (401, refusal(401, "CREDENTIAL_REQUIRED"))
        assert http.get("/api/v1/admin/devices", headers=registrar).status_code == 403


def test_a_closed_service_allows_registration_by_admins_only(tmp_path: Path) -> None:
    with configured_service(tmp_path, registration="closed") as (http, admin):
        answer = http.post(REGISTER, json={"name": "a"})
        assert (answer.status_code, without_noise(answer.json())) == (403, refusal(403, "REGISTRATION_CLOSED"))
        assert http.post(REGISTER, json={"name": "a"}, headers=admin).status_code == 201


def test_the_error_of_too_many_calls_has_retry_after(tmp_path: Path) -> None:
    with configured_service(tmp_path, rate_limit_per_minute="5") as (http, _):
        key = http.post(REGISTER, json={"name": "a"}).json()["device"]["api_key"]
        headers = {"x-api-key": key}
        codes = [http.post("/api/v1/devices/heartbeat", headers=headers, json={}) for _ in range(6)]
        assert [answer.status_code for answer in codes] == [200] * 5 + [429]
        assert without_noise(codes[-1].json())["details"][0]["reason"] == "RATE_LIMIT"
        assert 1 <= int(codes[-1].headers["retry-after"]) <= 12


def test_readings_survive_a_restart(tmp_path: Path) -> None:
    with configured_service(tmp_path) as (http, _):
        device = http.post(REGISTER, json={"name": "a"}).json()["device"]
        body = {"data": {"t": 1}, "timestamp": "2026-01-01T00:00:00Z"}
        headers = {"x-api-key": device["api_key"]}
        assert http.post("/api/v1/devices/telemetry", headers=headers, json=body).status_code == 201
    with configured_service(tmp_path) as (http, _):
        answer = http.get("/api/v1/devices/telemetry", headers=headers, params={"start_time": "2026-01-01"})
        assert answer.json()["data"] == [{"timestamp": "2026-01-01T00:00:00.000Z", "t": 1}]


def test_a_store_that_cannot_be_written_is_503_with_advice(tmp_path: Path) -> None:
    with configured_service(tmp_path) as (http, _):
        key = http.post(REGISTER, json={"name": "a"}).json()["device"]["api_key"]
        lock = sqlite3.connect(tmp_path / "telemetry.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        answer = http.post("/api/v1/devices/telemetry", headers={"x-api-key": key}, json={"data": {"t": 1}})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        (info, _retry) = answer.json()["details"]
        assert (info["reason"], info["metadata"]["retryable"]) == ("STORE_UNAVAILABLE", "true")
        lock.execute("ROLLBACK")
        lock.close()
        assert http.get("/api/v1/devices/telemetry", headers={"x-api-key": key}).json()["count"] == 0


def test_a_service_open_to_the_network_requires_credentials(tmp_path: Path) -> None:
    with iotflow_up(tmp_path, {}, "--rest-host", "0.0.0.0") as service:  # noqa: S104
        answer = httpx.post(service.rest + REGISTER, json={"name": "a"}, trust_env=False)
        assert (answer.status_code, without_noise(answer.json())) == (401, refusal(401, "TOKEN_REQUIRED"))
