"""What each service is told: the settled settings, and of the secrets only those that it needs."""

import os
from collections.abc import Mapping
from pathlib import Path

from shared.runtime.settings import ENV_PREFIX, Settings

TREE = Path(__file__).resolve().parents[2]
SERVICES = ("discovery", "bidder", "executor", "fills", "risk", "settlement", "control", "notifier")
SECRET_READERS: Mapping[str, frozenset[str]] = {
    "private_key_file": frozenset({"executor"}),
    "api_credentials_file": frozenset({"control", "discovery", "executor", "fills", "risk"}),
    "relayer_key_file": frozenset({"executor"}),
    "control_token_file": frozenset({"control"}),
    "telegram_token_file": frozenset({"notifier"}),
}


def service_environment(service: str, settings: Settings, http_port: int) -> dict[str, str]:
    """Every setting explicitly, so that the service's own defaults and files cannot differ."""
    told = {name: as_text(value) for name, value in settings.model_dump().items() if value is not None}
    told["http_port"] = str(http_port)
    for secret, readers in SECRET_READERS.items():
        if service not in readers:
            told.pop(secret, None)
    return plain_environment() | {ENV_PREFIX + name.upper(): text for name, text in told.items()}


def plain_environment() -> dict[str, str]:
    """Ours without the settings, with the tree to import from."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
    return inherited | {"PYTHONPATH": str(TREE), "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}


def as_text(value: object) -> str:
    """A setting as the environment spells it."""
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return str(value)
