"""Lets a request in, or says why not."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import HTTPException, Request
from prometheus_client import Counter

from services.control.domain.access import Caller, Role, Tokens
from services.control.domain.failed_logins import WINDOW_SECONDS, FailedLogins
from shared.domain.clock import Clock
from shared.runtime.logs import get_log

LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]"})
NO_ACTING = "acting needs control_token_file with an operator's token; `tdmaker kill` works without it"


@dataclass(frozen=True, slots=True)
class Gate:
    """Without tokens anybody on this machine may look and nobody may act.

    A right token always passes: guessing from one address must not lock the operator of that address out of the kill.
    """

    tokens: Tokens | None
    failures: FailedLogins
    clock: Clock
    refused: Counter

    def viewer(self, request: Request) -> Caller:
        """Raises HTTPException 401, 403 or 429."""
        if self.tokens is None:
            return self._neighbour(request)
        address = request.client.host if request.client else "unknown"
        caller = self.tokens.owner(_bearer(request))
        if caller is None:
            raise self._stranger(address)
        self.failures.forget(address)
        return caller

    def operator(self, request: Request) -> Caller:
        """Raises HTTPException 401, 403 or 429."""
        caller = self.viewer(request)
        if not caller.may_act:
            self.refused.labels("role").inc()
            detail = NO_ACTING if self.tokens is None else f"{caller.name} may look, not act; use an operator's token"
            raise HTTPException(403, detail)
        return caller

    def _neighbour(self, request: Request) -> Caller:
        """A page of another site that has resolved its name to this machine is no neighbour."""
        host = request.headers.get("host", "").rsplit(":", 1)[0]
        if host not in LOCAL_HOSTS:
            self.refused.labels("host").inc()
            raise HTTPException(403, "without control_token_file only this machine is answered, by its own name")
        return Caller("local", Role.VIEWER)

    def _stranger(self, address: str) -> HTTPException:
        self.refused.labels("token").inc()
        too_many = self.failures.record(address, self.clock.monotonic_seconds())
        get_log().warning("login_refused", address=address, too_many=too_many)
        if too_many:
            wait = {"Retry-After": str(int(WINDOW_SECONDS))}
            return HTTPException(429, "too many wrong tokens from this address; wait a minute", headers=wait)
        return HTTPException(401, "a bearer token of control_token_file is needed", {"WWW-Authenticate": "Bearer"})


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
