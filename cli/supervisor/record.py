"""What is written down about a running system: for the other commands, and for the start after a crash."""

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from cli.home import Home, write_private
from cli.processes import ProcessIdentity, identify


class RecordedProcess(BaseModel):
    """A child, and how to tell that it still is that child."""

    model_config = ConfigDict(frozen=True)

    name: str
    pid: int
    start_ticks: int
    boot_id: str
    http_port: int | None = None

    @property
    def identity(self) -> ProcessIdentity:
        return ProcessIdentity(self.pid, self.start_ticks, self.boot_id)


class RunningSystem(BaseModel):
    """Addresses and processes of one `up`. Holds passwords: the file is its owner's alone."""

    model_config = ConfigDict(frozen=True)

    supervisor: RecordedProcess
    run_id: str
    venue: str
    mode: str
    account: str
    speed: float
    started_at: datetime
    postgres_url: str = ""
    nats_url: str = ""
    redis_url: str = ""
    sim_url: str = ""
    clob_url: str = ""
    api_credentials_file: str = ""
    control_url: str = ""
    processes: tuple[RecordedProcess, ...] = ()

    @property
    def alive(self) -> bool:
        return identify(self.supervisor.pid) == self.supervisor.identity


def recorded(name: str, pid: int, http_port: int | None = None) -> RecordedProcess | None:
    """The process as it runs now; None when it has gone already."""
    found = identify(pid)
    if found is None:
        return None
    return RecordedProcess(
        name=name, pid=pid, start_ticks=found.start_ticks, boot_id=found.boot_id, http_port=http_port
    )


def write_record(home: Home, system: RunningSystem) -> None:
    write_private(home.record, system.model_dump_json(indent=1))


def read_record(home: Home) -> RunningSystem | None:
    """The record, whether or not that system still runs; None when there is none that can be read."""
    return _parsed(home.record)


def forget_record(home: Home) -> None:
    home.record.unlink(missing_ok=True)


def _parsed(path: Path) -> RunningSystem | None:
    try:
        return RunningSystem.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
