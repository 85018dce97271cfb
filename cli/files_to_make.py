"""Files that the environment names and that a start has yet to make."""

import os
from pathlib import Path
from typing import Final

from cli.setting_options import Given, setting_variables
from shared.runtime.settings import Settings, load_settings

RUN_ID_FILE: Final = "TDMAKER_RUN_ID_FILE"
WALLET_ADDRESS_FILE: Final = "TDMAKER_WALLET_ADDRESS_FILE"


def settings_without_them(config_file: Path | None, given: Given) -> Settings:
    """The settings as far as they are known before those files are. Raises SettingsError."""
    known = {name: text for name, text in setting_variables().items() if name not in {RUN_ID_FILE, WALLET_ADDRESS_FILE}}
    return load_settings(config_file, given, known)


def named_file(variable: str) -> Path | None:
    """The file that a variable names; empty is as good as unset."""
    path = os.environ.get(variable)
    return Path(path) if path else None
