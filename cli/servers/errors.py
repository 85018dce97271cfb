"""What can go wrong with a server, in words for the operator."""


class ServerError(Exception):
    """One line: which server, what is wrong, what to do."""


class PortTakenError(ServerError):
    """Somebody else took the free port first; another one will do."""
