"""The directory in which one `up` keeps its data, logs and secrets."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

DEFAULT_HOME = Path("~/.local/share/tdmaker")
PRIVATE_DIRECTORY = 0o700
PRIVATE_FILE = 0o600


@dataclass(frozen=True, slots=True)
class Home:
    """Names everything inside a home; nothing is made before `make`."""

    path: Path

    @classmethod
    def at(cls, chosen: Path | None) -> "Home":
        """The chosen directory, or the default one of this user."""
        return cls((chosen or DEFAULT_HOME).expanduser().absolute())

    def make(self) -> None:
        """Makes the directories, readable by their owner alone. Raises OSError."""
        self.path.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        for directory in (self.logs, self.secrets, self.simulator):
            directory.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def nats(self) -> Path:
        return self.path / "nats"

    @property
    def valkey(self) -> Path:
        return self.path / "valkey"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    @property
    def simulator(self) -> Path:
        return self.path / "sim"

    @property
    def lock(self) -> Path:
        return self.path / "up.lock"

    @property
    def record(self) -> Path:
        """Addresses and processes of the running system."""
        return self.path / "up.json"

    @property
    def clock(self) -> Path:
        return self.path / "clock.json"

    @property
    def holds_data(self) -> bool:
        """Whether an `up` ever kept tables here; they may lie elsewhere, their password does not."""
        return self._password_file("postgres").exists()

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def environment(self) -> dict[str, str]:
        """What a server of this home is given; the home in it is how a later start knows the process again."""
        return {"PATH": os.environ.get("PATH", os.defpath), "TDMAKER_HOME": str(self.path), "LC_ALL": "C"}

    def password(self, name: str) -> str:
        """The password kept under this name, made on first use."""
        path = self._password_file(name)
        if not path.exists():
            write_private(path, secrets.token_urlsafe(24))
        return path.read_text().strip()

    def _password_file(self, name: str) -> Path:
        return self.secrets / f"{name}_password"


def write_private(path: Path, text: str) -> None:
    """Writes by rename a file that only its owner may read, so that no reader sees half of it."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)
