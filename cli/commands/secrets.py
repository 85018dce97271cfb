"""`secrets`: what a system of containers must find before it starts."""

import asyncio

from cli.files_to_make import WALLET_ADDRESS_FILE, named_file, settings_without_them
from cli.output import say_to_stdout
from cli.secret_files import (
    make_api_credentials,
    make_control_tokens,
    make_database_password,
    make_simulator_key,
    write_wallet_address,
)
from cli.setting_options import ConfigFile, Given, with_setting_options
from shared.runtime.clock import RealClock


@with_setting_options
def secrets(*, given: Given, config_file: ConfigFile = None) -> None:
    """Make every secret file that the environment names and that is missing. A name left empty is passed over.

    POSTGRES_PASSWORD_FILE and PGPASSFILE: the database's password. TDMAKER_CONTROL_TOKEN_FILE: tokens of the control
    API. TDMAKER_PRIVATE_KEY_FILE: a throwaway key, at the simulator alone. TDMAKER_API_CREDENTIALS_FILE: the key's
    login at the venue. TDMAKER_WALLET_ADDRESS_FILE: the key's address when trading live, else nothing.
    """
    settings = settings_without_them(config_file, given)
    made = [
        *make_database_password(named_file("POSTGRES_PASSWORD_FILE"), named_file("PGPASSFILE"), settings.postgres_url),
        *make_control_tokens(settings.control_token_file),
        *make_simulator_key(settings),
        *asyncio.run(make_api_credentials(settings, RealClock())),
    ]
    write_wallet_address(settings, named_file(WALLET_ADDRESS_FILE))
    say_to_stdout(f"made {', '.join(made)}" if made else "every secret is there already")
