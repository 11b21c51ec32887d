"""Holds every client to clients/BEHAVIOUR.md: scenarios, a server behind a proxy that breaks connections, and the runner."""
