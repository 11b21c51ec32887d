"""The server's settings, for shells that connect to what the server connects to."""

from typing import TYPE_CHECKING

from iotflow_cli.console import UsageError

if TYPE_CHECKING:
    from iotflow_server.settings import Settings


def server_settings() -> "Settings":
    """The settings of the environment and of .env. Raises UsageError."""
    from iotflow_server.settings import WrongSettings, load_settings

    try:
        return load_settings()
    except WrongSettings as error:
        raise UsageError(f"The settings are invalid:\n{error}") from None
