"""amqtt asks its plugins; these ask the guard."""

from dataclasses import dataclass
from typing import Any

from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session


class Authentication(BaseAuthPlugin):
    """Who may connect."""

    @dataclass
    class Config:
        guard: Any

    async def authenticate(self, *, session: Session) -> bool | None:
        admitted: bool = await self.config.guard.admits(session.username or "", session.password or "")
        return admitted


class Authorisation(BaseTopicPlugin):
    """What they may publish and hear."""

    @dataclass
    class Config:
        guard: Any

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool | None:
        if session is None or topic is None:
            return False
        allowed: bool = self.config.guard.allows(
            session.username or "", session.client_id or "", topic, publishing=action is Action.PUBLISH
        )
        return allowed
