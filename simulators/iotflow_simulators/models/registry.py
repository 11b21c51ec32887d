"""All models by name."""

from iotflow_simulators.models.air_quality import AirQuality
from iotflow_simulators.models.base import Model
from iotflow_simulators.models.basic import Basic
from iotflow_simulators.models.camera import Camera
from iotflow_simulators.models.door_lock import DoorLock
from iotflow_simulators.models.energy import EnergyMeter
from iotflow_simulators.models.gps import GpsTracker
from iotflow_simulators.models.temperature import Temperature
from iotflow_simulators.models.thermostat import Thermostat

MODELS: dict[str, type[Model]] = {
    model.NAME: model
    for model in (Basic, Temperature, DoorLock, Camera, AirQuality, Thermostat, GpsTracker, EnergyMeter)
}
