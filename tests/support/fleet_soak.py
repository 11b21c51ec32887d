"""A fleet through all doors with faults of many kinds, and which parts of the service are killed meanwhile."""

import os
import signal

from tests.support.processes import children

# The part to kill, and the share of the schedule after which it is. The adapter's process also has the embedded broker.
KILLED = ((0.25, "iotflow_server"), (0.5, "iotflow_gateway"), (0.7, "iotflow_server"), (0.8, "mosquitto -c"))


def scenario(devices: int, seconds: int, interval: str) -> str:
    """A scenario with this many devices, a multiple of 10. seconds: its length; the faults are as far apart as it is long.

    Devices with keys replace them.
    """

    def share(of: float) -> str:
        return f"{of * seconds:g}s"

    fleet = devices // 10
    # Three times for each device of a small fleet; at most 28 in a second.
    keys = f"rotate_keys: {max(seconds / 3, devices / 40):g}s"
    return f"""
name: soak
seed: 11
duration: {seconds}s
fleets:
  - {{name: basic, model: basic, devices: {3 * fleet}, interval: {interval}, door: {{mqtt: 0.5, mqtt5: 0.5}}, {keys}}}
  - {{name: temperature, model: temperature, devices: {2 * fleet}, interval: {interval}, door: rest, {keys}}}
  - {{name: air_quality, model: air_quality, devices: {2 * fleet}, interval: {interval}, door: grpc, {keys}}}
  - {{name: energy, model: energy, devices: {2 * fleet}, interval: {interval}, door: gateway}}
  - name: thermostat
    model: thermostat
    devices: {fleet}
    interval: {interval}
    door: {{mqtt: 0.25, rest: 0.25, grpc: 0.25, gateway: 0.25}}
stages:
  - {{from: 0.5, to: 1, over: {share(1 / 6)}}}
faults:
  - {{kind: stuck, fleet: temperature, share: 0.1, at: {share(1 / 6)}, for: {share(1 / 3)}}}
  - {{kind: spikes, fleet: air_quality, share: 0.2, rate: 120, for: 5s}}
  - {{kind: drop_outs, fleet: energy, share: 0.2}}
  - {{kind: clock_jump, fleet: basic, share: 0.1, at: {share(1 / 3)}, for: {share(1 / 3)}, parameters: {{seconds: -3600}}}}
  - {{kind: duplicates, fleet: energy, share: 0.3}}
  - {{kind: reordering, fleet: energy, share: 0.3, parameters: {{delay: 3s}}}}
  - {{kind: malformed, share: 0.1}}
  - {{kind: reboot_loop, fleet: basic, share: 0.1, at: {share(1 / 6)}, parameters: {{every: 15s, down: 3s}}}}
  - {{kind: offline, share: 0.1, at: {share(1 / 4)}, for: {share(1 / 3)}, parameters: {{batch: 10}}}}
  - {{kind: flapping, fleet: basic, share: 0.1, parameters: {{every: 10s, down: 2s}}}}
  - {{kind: reconnect_storm, at: {share(3 / 4)}, for: 2s}}
  - {{kind: flood, fleet: temperature, share: 0.05, at: {share(1 / 3)}, for: {share(1 / 6)}, parameters: {{factor: 10}}}}
  - {{kind: wrong_key, share: 0.1, at: {share(1 / 30)}, for: {share(1 / 6)}}}
  - {{kind: network_failure, share: 0.3}}
"""


def kill(up: int, part: str) -> bool:
    """Kill a part of the service that the process `up` has started, and will start again. False: it does not run."""
    found = [pid for command, pid in children(up).items() if part in command]
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return bool(found)
