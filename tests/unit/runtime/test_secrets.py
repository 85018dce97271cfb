"""Secret files: read, or refused with the remedy."""

from pathlib import Path

import pytest

from shared.runtime.secrets import read_secret_file
from shared.runtime.settings import SettingsError, load_settings
from shared.runtime.wallet import wallet_name


def secret(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_secret_is_read_without_its_newline(tmp_path: Path) -> None:
    assert read_secret_file("private_key_file", secret(tmp_path / "key", "abc\n")) == "abc"


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [("", 0o600, "is empty"), ("abc", 0o604, "run `chmod 600"), ("a" * 70_000, 0o600, "is too big")],
)
def test_a_secret_that_is_no_secret_is_refused(tmp_path: Path, text: str, mode: int, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read_secret_file("private_key_file", secret(tmp_path / "key", text, mode))


def test_a_missing_file_or_option_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"private_key_file=.*none: cannot be read"):
        read_secret_file("private_key_file", tmp_path / "none")
    with pytest.raises(SettingsError, match="private_key_file is missing"):
        read_secret_file("private_key_file", None)


def test_the_wallet_is_the_funder_the_address_or_paper() -> None:
    address, funder = "0x" + "aA" * 20, "0x" + "bb" * 20
    assert wallet_name(load_settings(environ={})) == "paper"
    assert wallet_name(load_settings(None, {"wallet_address": address}, {})) == address.lower()
    assert wallet_name(load_settings(None, {"wallet_address": address, "funder": funder}, {})) == funder
    with pytest.raises(SettingsError, match="wallet_address is missing"):
        wallet_name(load_settings(None, {"live": True}, {}))
