"""What may happen to a request on its way in and to its answer on its way out."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from venue_sim.api.hang_up import NoAnswer
from venue_sim.api.responses import body_of
from venue_sim.errors import VenueError, unauthorized
from venue_sim.faults.switchboard import Faults

Handler = Callable[[Request], Awaitable[object]]

LOCKED = (
    "not enough balance / allowance: the balance is not enough -> balance: 0, sum of active orders: 0, "
    "sum of matched orders: 1000000000, order amount: 1000000"
)
REFUSALS: dict[str, Callable[[], VenueError]] = {
    "restarting": lambda: VenueError(425, "service not ready", headers={"Retry-After": "1"}),
    "rate_limited": lambda: VenueError(429, "Rate limit exceeded", headers={"Retry-After": "1"}),
    "order_timed_out": lambda: VenueError(500, "order timed out"),
    "unavailable": lambda: VenueError(503, "service unavailable"),
    "cancel_only": lambda: VenueError(503, "trading is disabled"),
    "version_mismatch": lambda: VenueError(400, "order_version_mismatch"),
    "funds_locked": lambda: VenueError(400, LOCKED),
    "account_closed": lambda: VenueError(400, "address in closed only mode"),
    "wallet_refused": lambda: VenueError(400, "maker address not allowed, please use the deposit wallet flow"),
    "key_refused": unauthorized,
    "reads_fail": lambda: VenueError(500, "Internal server error"),
    "heartbeat_refused": lambda: VenueError(500, "Internal server error"),
}


@dataclass(frozen=True, slots=True)
class Passage:
    """The names of the faults of one kind of request; "" where it has none of that sort.

    `lost` and `refusals` strike before anything is done, the others when all is.
    """

    lost: str = ""
    refusals: tuple[str, ...] = ()
    answer_lost: str = ""
    answer_bad: str = ""
    late: str = ""


PLAIN = Passage()
PLACING = Passage(
    "request_lost",
    (
        "restarting",
        "rate_limited",
        "order_timed_out",
        "unavailable",
        "cancel_only",
        "version_mismatch",
        "funds_locked",
        "account_closed",
        "wallet_refused",
        "key_refused",
    ),
    "answer_lost",
    "bad_gateway",
    "answer_late",
)
CANCELLING = Passage("cancel_lost", ("restarting", "key_refused"), "cancel_answer_lost", late="cancel_answer_late")
READING = Passage(refusals=("reads_fail", "key_refused"), late="reads_late")
BEATING = Passage(refusals=("heartbeat_refused",), answer_lost="heartbeat_answer_lost")


def through(passage: Passage, faults: Faults, handler: Handler) -> Handler:
    """The handler with its passage around it."""
    if passage is PLAIN:
        return handler

    async def pass_through(request: Request) -> object:
        if faults.strikes(passage.lost):
            await body_of(request)
            return NoAnswer()
        for name in passage.refusals:
            if faults.strikes(name):
                raise REFUSALS[name]()
        answer = await handler(request)
        return await _way_out(passage, faults, answer)

    return pass_through


async def _way_out(passage: Passage, faults: Faults, answer: object) -> object | Response:
    if faults.strikes(passage.answer_lost):
        return NoAnswer()
    if faults.strikes(passage.answer_bad):
        raise VenueError(502, "Bad Gateway")
    if delay_ms := faults.delays(passage.late):
        await asyncio.sleep(delay_ms / 1000)
    return answer
