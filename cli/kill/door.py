"""Where orders rest, and the credentials that cancel them: the way into the venue that no table is needed for."""

import os
from dataclasses import dataclass
from pathlib import Path

from cli.supervisor.record import RunningSystem
from shared.domain.clock import Clock
from shared.runtime.settings import SettingsError, load_settings
from shared.venue.auth import Credentials, CredentialsError
from shared.venue.clob import ClobClient
from shared.venue.http import HttpClient

ANSWER_BOUND_SECONDS = 2.0


class NoDoorError(Exception):
    """The venue cannot be asked; the text says why."""


@dataclass(frozen=True, slots=True)
class Door:
    """On paper nothing rests anywhere: no address."""

    clob_url: str
    credentials_file: Path | None

    def client(self, clock: Clock) -> ClobClient:
        """Raises NoDoorError."""
        if self.credentials_file is None:
            raise NoDoorError("no credentials are known here; set TDMAKER_API_CREDENTIALS_FILE or cancel at the venue")
        try:
            credentials = Credentials.load(self.credentials_file)
        except CredentialsError as error:
            raise NoDoorError(f"{error}; cancel at the venue") from None
        return ClobClient(HttpClient(self.clob_url), credentials, clock, read_timeout_seconds=ANSWER_BOUND_SECONDS)


def door_of(system: RunningSystem | None, account: str | None) -> Door:
    """The running system's; without one, that of the settings in the environment. Raises NoDoorError."""
    if system is None:
        return _set_door()
    if account not in {None, system.account}:
        raise NoDoorError(f"only {system.account} runs here, and who may cancel for {account} stands in no table now")
    file = system.api_credentials_file
    return Door(system.clob_url if system.mode == "live" else "", Path(file) if file else None)


def _set_door() -> Door:
    config = os.environ.get("TDMAKER_CONFIG_FILE")
    try:
        settings = load_settings(Path(config) if config else None)
    except SettingsError as error:
        raise NoDoorError(f"the settings name no venue ({error})") from None
    return Door(settings.clob_url if settings.mode == "live" else "", settings.api_credentials_file)
