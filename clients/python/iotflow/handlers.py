"""Calls of the application's handlers, whose errors must neither stop the client nor lose anything."""

import logging
from collections.abc import Callable
from typing import ParamSpec

log = logging.getLogger(__name__)
Arguments = ParamSpec("Arguments")


def contained(name: str, handler: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """The handler, whose exceptions are logged. name: of the parameter that took it."""

    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            handler(*args, **kwargs)
        except Exception:
            log.exception("handler failed: %s", name)

    return call
