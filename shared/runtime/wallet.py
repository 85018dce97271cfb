"""Which wallet an account is named after."""

from shared.runtime.settings import Settings, SettingsError

PAPER_WALLET = "paper"


def wallet_name(settings: Settings) -> str:
    """The address that holds the money; paper trading needs none. Raises SettingsError."""
    address = settings.funder or settings.wallet_address
    if address is not None:
        return address.lower()
    if settings.mode == "live":
        raise SettingsError("wallet_address is missing; live trading needs the address that holds the money")
    return PAPER_WALLET
