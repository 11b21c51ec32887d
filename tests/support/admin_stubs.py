"""The stubs of the services for admins."""

import grpc

from iotflow.v1.audit_service_pb2_grpc import AuditServiceStub
from iotflow.v1.command_service_pb2_grpc import CommandServiceStub
from iotflow.v1.config_service_pb2_grpc import ConfigServiceStub
from iotflow.v1.fleet_service_pb2_grpc import FleetServiceStub
from iotflow.v1.token_service_pb2_grpc import TokenServiceStub


class AdminStubs:
    """All stubs on one channel."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.fleet = FleetServiceStub(channel)
        self.commands = CommandServiceStub(channel)
        self.config = ConfigServiceStub(channel)
        self.tokens = TokenServiceStub(channel)
        self.audit = AuditServiceStub(channel)
