"""Postgres, NATS and Valkey from wheels, each on a free loopback port with its own data directory."""

from cli.servers.embedded import Servers, embedded_servers
from cli.servers.errors import ServerError

__all__ = ["ServerError", "Servers", "embedded_servers"]
