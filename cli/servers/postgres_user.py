"""As whom Postgres runs: it refuses root, so root hands it to an unprivileged user."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.servers.errors import ServerError

NOBODY = 65_534
SHARED_PLACE = Path("/var/lib/tdmaker")
TRAVERSABLE = 0o755
UNSHARE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
SETPRIV = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all", "--pdeathsig=INT")


@dataclass(frozen=True, slots=True)
class PostgresUser:
    """`prefix` goes before every Postgres program; `owner` is to own the data, where that is somebody else."""

    prefix: tuple[str, ...] = ()
    owner: int | None = None

    def can_run(self, *command: str) -> bool:
        """Whether a program can be read and run as this user; by way of `env`, since rights only fall at an exec."""
        try:
            return subprocess.run([*self.prefix, "env", *command], capture_output=True, check=False).returncode == 0
        except OSError:
            return False

    def give(self, path: Path) -> None:
        """Hands a file or an empty directory to this user."""
        if self.owner is not None:
            os.chown(path, self.owner, self.owner)


@dataclass(frozen=True, slots=True)
class PostgresPlace:
    """Where the cluster lives and whence the programs run, both within the user's reach."""

    user: PostgresUser
    data: Path
    binaries: Path

    def program(self, name: str) -> tuple[str, ...]:
        return (*self.user.prefix, str(self.binaries / name))


def choose_user(candidates: Sequence[PostgresUser] | None = None) -> PostgresUser:
    """Ourselves unless we are root; then nobody in a user namespace, which keeps our rights to files, else nobody.

    Raises ServerError where neither is allowed.
    """
    if os.geteuid() != 0:
        return PostgresUser()
    for user in candidates or (PostgresUser(UNSHARE), PostgresUser(SETPRIV, NOBODY)):
        if user.can_run("true"):
            return user
    raise ServerError(
        "Postgres refuses to run as root, and neither unshare nor setpriv may lower its rights here;"
        " start as an ordinary user or name a Postgres of yours with --postgres-url"
    )


def find_place(home_data: Path, installed: Path, user: PostgresUser) -> PostgresPlace:
    """Data in the home and programs as installed, unless the user cannot reach them: then in a shared place."""
    data = home_data
    if user.owner is not None or not user.can_run("test", "-x", str(home_data.parent)):
        digest = hashlib.sha256(str(home_data).encode()).hexdigest()[:16]
        data = _shared_directory(user, digest) / "data"
    binaries = installed / "bin"
    if not user.can_run(str(binaries / "postgres"), "--version"):
        binaries = _readable_copy(installed) / "bin"
    return PostgresPlace(user, data, binaries)


def _shared_directory(user: PostgresUser, name: str) -> Path:
    SHARED_PLACE.mkdir(mode=TRAVERSABLE, parents=True, exist_ok=True)
    directory = SHARED_PLACE / name
    directory.mkdir(mode=0o700, exist_ok=True)
    user.give(directory)
    return directory


def _readable_copy(installed: Path) -> Path:
    """A copy of the programs outside of directories that only their owner may enter."""
    state = (installed / "bin" / "postgres").stat()
    copy = SHARED_PLACE / f"pginstall-{state.st_size}-{state.st_mtime_ns}"
    if not copy.exists():
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        SHARED_PLACE.mkdir(mode=TRAVERSABLE, parents=True, exist_ok=True)
        shutil.copytree(installed, draft, symlinks=True)
        draft.chmod(TRAVERSABLE)
        draft.replace(copy)
    return copy
