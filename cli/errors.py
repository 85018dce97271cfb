"""What a command could not do, and the exit code that scripts see."""

from typing import Final

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2
EXIT_NOT_RUNNING: Final = 3
EXIT_ALREADY_RUNNING: Final = 4
EXIT_NOT_HALTED: Final = 5
EXIT_INTERRUPTED: Final = 130


class CommandError(Exception):
    """One line for the operator: what is wrong and what to do."""

    def __init__(self, line: str, exit_code: int = EXIT_FAILED) -> None:
        super().__init__(line)
        self.exit_code = exit_code
