"""Closed sets of words of the contract. Generated from iotflow/v1/words.proto by `make generate`."""

from enum import StrEnum


class Role(StrEnum):
    """See Role in words.proto."""

    ANONYMOUS = "anonymous"
    DEVICE = "device"
    GATEWAY = "gateway"
    REGISTRAR = "registrar"
    VIEWER = "viewer"
    ADMIN = "admin"
