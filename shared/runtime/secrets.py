"""Reads the small files that hold secrets."""

from pathlib import Path

from shared.runtime.settings import SettingsError

SECRET_MAX_BYTES = 65_536


def read_secret_file(option: str, path: Path | None) -> str:
    """The file's text without surrounding space; `option` is the setting that names it.

    Raises SettingsError when it is unset, unreadable, empty, too big or open to other users.
    """
    if path is None:
        raise SettingsError(f"{option} is missing; name the file")
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()[: SECRET_MAX_BYTES + 1].decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise SettingsError(f"{option}={path}: cannot be read ({reason}); correct the path or the file") from None
    if mode & 0o007:
        raise SettingsError(f"{option}={path}: is open to every user; run `chmod 600 {path}`")
    if not text or len(text) > SECRET_MAX_BYTES:
        raise SettingsError(f"{option}={path}: is {'empty' if not text else 'too big'}; put the secret in it")
    return text
