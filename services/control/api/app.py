"""The control API: read with a viewer's token, act with an operator's."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.exceptions import HTTPException as StarletteHTTPException

from services.control.api.gate import Gate
from services.control.api.live import READERS_MAX, Live
from services.control.api.page import load_page
from services.control.domain.access import Caller
from services.control.domain.overview import BreakerView, OrderView, Overview, PositionView, ProfitView
from services.control.domain.receipt import KillReceipt
from services.control.handlers import Desk
from services.control.ports import UnavailableError
from shared.runtime.health import Readiness
from shared.runtime.logs import get_log
from shared.runtime.metrics import Metrics

BODY_MAX_BYTES = 4096
SAFE_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
_overview_json = TypeAdapter(Overview)
T = TypeVar("T")
Reason = Annotated[str, Field(max_length=200, description="Stands in the record of the act")]


class Act(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason = ""


class Kill(Act):
    wait_seconds: float = Field(
        default=5.0, ge=0, le=30, description="How long to wait for the orders' final word, wall"
    )


class Reset(BaseModel):
    model_config = ConfigDict(extra="forbid")

    force: bool = Field(default=False, description="Also while the day is at its limit")


class Who(BaseModel):
    """`tokens_in_use` is false without control_token_file: then nobody may act here."""

    name: str
    role: str
    may_act: bool
    tokens_in_use: bool


class StateNow(BaseModel):
    trading_state: str


class Health(BaseModel):
    status: str
    ready: bool
    waiting_for: list[str]


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the routes stand on."""

    desk: Desk
    gate: Gate
    live: Live
    readiness: Readiness
    metrics: Metrics


def create_app(wiring: Wiring) -> FastAPI:
    app = FastAPI(title="tdmaker control", version="1", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    _add_page(app)
    _add_views(app, wiring)
    _add_acts(app, wiring)
    _add_manners(app, wiring.metrics)
    return app


def _add_page(app: FastAPI) -> None:
    page = load_page()

    async def operator_page() -> HTMLResponse:
        return HTMLResponse(page.html, headers={"Content-Security-Policy": page.policy, "X-Frame-Options": "DENY"})

    app.add_api_route("/", operator_page, include_in_schema=False, response_model=None)


def _add_views(app: FastAPI, wiring: Wiring) -> None:
    desk, live = wiring.desk, wiring.live
    viewer = [Depends(wiring.gate.viewer)]

    async def health() -> Health:
        """Open to all: that the process lives, and what it still waits for."""
        waiting = sorted(wiring.readiness.waiting_for)
        return Health(status="ok", ready=not waiting, waiting_for=waiting)

    async def who(caller: Annotated[Caller, Depends(wiring.gate.viewer)]) -> Who:
        return Who(
            name=caller.name, role=caller.role, may_act=caller.may_act, tokens_in_use=wiring.gate.tokens is not None
        )

    async def status() -> Overview:
        return await live.overview()

    async def orders(working: bool = False) -> list[OrderView]:
        return await desk.orders(working_only=working)

    async def positions(held: bool = False) -> list[PositionView]:
        return await desk.positions(held_only=held)

    async def pnl() -> ProfitView:
        return await desk.profit()

    async def breaker() -> BreakerView:
        return await desk.breaker()

    async def stream() -> StreamingResponse:
        if live.readers >= READERS_MAX:
            raise HTTPException(503, f"{READERS_MAX} readers already listen; close one")
        events = live.events(lambda overview: _overview_json.dump_json(overview).decode())
        return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    app.add_api_route("/api/health", health)
    app.add_api_route("/api/who", who)
    app.add_api_route("/api/status", status, dependencies=viewer)
    app.add_api_route("/api/orders", orders, dependencies=viewer)
    app.add_api_route("/api/positions", positions, dependencies=viewer)
    app.add_api_route("/api/pnl", pnl, dependencies=viewer)
    app.add_api_route("/api/breaker", breaker, dependencies=viewer)
    app.add_api_route("/api/stream", stream, dependencies=viewer, response_model=None)


def _add_acts(app: FastAPI, wiring: Wiring) -> None:
    desk, operator = wiring.desk, Depends(wiring.gate.operator)
    took = wiring.metrics.latency("kill_to_closed_seconds", "From the kill call to the last order's final word")

    async def kill(caller: Annotated[Caller, operator], response: Response, act: Kill | None = None) -> KillReceipt:
        """Halts at once; the receipt says what was open, what filled meanwhile and whether all is closed. 202: Postgres
        could not be told, the venue was asked to cancel everything; control goes on trying."""
        wanted = act or Kill()
        receipt = await desk.kill(caller, wanted.reason, wanted.wait_seconds)
        if receipt.halted:
            took.observe(receipt.took_ms / 1000)
        else:
            response.status_code = HTTPStatus.ACCEPTED
        return receipt

    async def resume(caller: Annotated[Caller, operator], act: Act | None = None) -> StateNow:
        """Takes back kill and pause; other causes stay and are shown."""
        return StateNow(trading_state=await desk.resume(caller, (act or Act()).reason))

    async def pause(caller: Annotated[Caller, operator], act: Act | None = None) -> StateNow:
        """No new entries; exits and settlement go on."""
        return StateNow(trading_state=await desk.pause(caller, (act or Act()).reason))

    async def reset_breaker(caller: Annotated[Caller, operator], act: Reset | None = None) -> StateNow:
        """A new session, and entries again unless another cause holds them; 409 while the day is at its limit."""
        state = await desk.reset_breaker(caller, force=(act or Reset()).force)
        if state is None:
            raise HTTPException(409, 'the day is at its limit; {"force": true} trades on all the same')
        return StateNow(trading_state=state)

    acts = {"kill": kill, "resume": resume, "pause": pause, "breaker/reset": reset_breaker}
    for name, act in acts.items():
        app.add_api_route(f"/api/{name}", _announced(act, wiring.live), methods=["POST"])


def _announced(act: Callable[..., Awaitable[T]], live: Live) -> Callable[..., Awaitable[T]]:
    """Readers of the page see the act at once."""

    @wraps(act)
    async def announced(*args: object, **kwargs: object) -> T:
        done = await act(*args, **kwargs)
        get_log().info("operator_act", act=act.__name__, caller=getattr(kwargs.get("caller"), "name", ""))
        live.changed()
        return done

    return announced


def _add_manners(app: FastAPI, metrics: Metrics) -> None:
    """Every answer is counted and carries the safe headers; every refusal is one JSON line."""
    answered = metrics.counter("control_requests_total", "Answers of the control API", ("method", "status"))

    async def mannered(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        if int(request.headers.get("content-length") or 0) > BODY_MAX_BYTES:
            response: Response = _error(413, f"a body has at most {BODY_MAX_BYTES} bytes")
        else:
            response = await call_next(request)
        response.headers.update(SAFE_HEADERS)
        answered.labels(request.method, str(response.status_code)).inc()
        return response

    async def unavailable(_: Request, error: Exception) -> JSONResponse:
        return _error(503, str(error))

    async def refused(_: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, StarletteHTTPException):
            raise error
        return _error(error.status_code, str(error.detail), error.headers)

    async def malformed(_: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, RequestValidationError):
            raise error
        faults = [f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()]
        return _error(422, "; ".join(faults))

    app.middleware("http")(mannered)
    app.add_exception_handler(UnavailableError, unavailable)
    app.add_exception_handler(StarletteHTTPException, refused)
    app.add_exception_handler(RequestValidationError, malformed)


def _error(status: int, text: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": text}, status_code=status, headers=dict(headers or {}))
