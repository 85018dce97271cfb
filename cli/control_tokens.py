"""The bearer tokens of the control API."""

import json
import secrets
from pathlib import Path

from cli.home import write_private

ROLES = ("viewer", "operator")


def write_control_tokens(path: Path) -> None:
    """A new random token a role, unless the file is there."""
    if not path.exists():
        tokens = [{"name": role, "role": role, "token": secrets.token_urlsafe(24)} for role in ROLES]
        write_private(path, json.dumps({"tokens": tokens}, indent=1))
