"""Durable facts and commands: every delivery ends as exactly one of acknowledged, retried, parked.

FastStream's own default would drop a message whose handler raised; here the policy is ours. A failing message is tried
again with growing pauses until the stream's bound, then set aside on `pm.v1.parked.<consumer>` with its reason.
"""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, cast

import structlog
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from prometheus_client import Counter

from shared.bus.connection import connect_nats
from shared.bus.streams import Topology, consumer_config, durable_name
from shared.fault_points import reach
from shared.messages.envelope import Envelope, MessageError, decode

Handler = Callable[[Envelope], Awaitable[None]]

DELIVERED = Counter("tdmaker_deliveries_total", "Deliveries from JetStream, by how they ended", ["consumer", "ended"])
ENDS = ("acknowledged", "retried", "parked")
REASON_HEADER = "Tdmaker-Reason"
STOP_SECONDS = 2.0
"""How long a stop waits for deliveries under way; what was not acknowledged comes again."""
RETRY_PAUSES_SECONDS = (0.2, 1.0, 3.0, 5.0)
log = structlog.get_logger()


class Delivery(Protocol):
    """One delivery of a message of a stream. The methods raise nats.errors.Error."""

    @property
    def body(self) -> bytes: ...

    @property
    def tries(self) -> int:
        """How often it was delivered, this time included."""
        ...

    async def ack(self) -> None: ...

    async def retry(self, pause_seconds: float) -> None: ...

    async def set_aside(self, subject: str, reason: str) -> None: ...


class Facts(Protocol):
    """The durable subscriptions of one service: subscribe first, then `start`."""

    def subscribe(self, stream: str, handler: Handler) -> None:
        """Every message of the stream reaches the handler at least once, in order while nothing fails."""
        ...

    async def start(self) -> None:
        """Raises nats.js.errors.NotFoundError while a stream or a consumer is not declared."""
        ...

    async def stop(self) -> None: ...


class _Broker(NatsBroker):
    async def _connect(self) -> Client:
        connection = await connect_nats(**self._connection_kwargs)
        self.config.connect(connection)
        return connection

    async def hang_up(self) -> None:
        """Without the farewell that a server would have to answer."""
        if self._connection is not None:
            await self._connection.close()


class NatsFacts:
    """By FastStream."""

    def __init__(self, nats_url: str, service: str, topology: Topology) -> None:
        self._broker = _Broker(
            nats_url, apply_types=False, max_reconnect_attempts=-1, graceful_timeout=STOP_SECONDS, logger=None
        )
        self._service = service
        self._topology = topology
        self._subscribed: list[str] = []

    def subscribe(self, stream: str, handler: Handler) -> None:
        self._subscribed.append(stream)
        durable = durable_name(self._service, stream)
        for ended in ENDS:
            DELIVERED.labels(durable, ended)
        with warnings.catch_warnings():  # one reader a durable is meant: a lease, not a queue group, shares the work
            warnings.simplefilter("ignore", RuntimeWarning)
            subscriber = self._broker.subscriber(
                subject=common_subject(self._topology.streams[stream]),
                stream=JStream(stream, declare=False),
                durable=durable,
                config=consumer_config(self._service, stream, self._topology),
                ack_policy=AckPolicy.MANUAL,
                decoder=_keep_message,
            )

        async def deliver(message: NatsMessage) -> None:
            await attend(durable, handler, _Delivered(message, self._broker), self._topology.max_deliver)

        subscriber(deliver)

    async def start(self) -> None:
        """Leaves no connection behind when it fails or is cancelled: whoever tries again does so with another one."""
        try:
            await self._refuse_undeclared(await self._broker.connect())
            await self._broker.start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Whatever the server does, or whether it is there: what was not acknowledged comes again."""
        try:
            await self._broker.stop()
        except (NatsError, OSError) as error:
            log.warning("bus_not_drained", reason=repr(error))
            await self._broker.hang_up()

    async def _refuse_undeclared(self, client: Client) -> None:
        """The client would make a consumer of its own that the provisioner then changes; it was seen to stay silent."""
        for stream in self._subscribed:
            await client.jetstream().consumer_info(stream, durable_name(self._service, stream))


async def attend(durable: str, handler: Handler, delivery: Delivery, tries_max: int) -> None:
    """Handles a delivery and ends it: acknowledged, to be tried again, or parked with its reason."""
    try:
        await handler(decode(delivery.body))
    except MessageError as error:
        await _park(durable, delivery, str(error))
    except Exception as error:  # noqa: BLE001 - whatever the handler raised, the delivery needs an end
        await _retry(durable, delivery, error, tries_max)
    else:
        reach("delivery_handled")
        await delivery.ack()
        DELIVERED.labels(durable, "acknowledged").inc()


async def _retry(durable: str, delivery: Delivery, error: Exception, tries_max: int) -> None:
    tries = delivery.tries
    log.warning("delivery_failed", consumer=durable, tries=tries, error=repr(error))
    if tries >= tries_max:
        await _park(durable, delivery, repr(error))
        return
    await delivery.retry(RETRY_PAUSES_SECONDS[min(tries, len(RETRY_PAUSES_SECONDS)) - 1])
    DELIVERED.labels(durable, "retried").inc()


async def _park(durable: str, delivery: Delivery, reason: str) -> None:
    log.error("delivery_parked", consumer=durable, reason=reason)
    await delivery.set_aside(f"pm.v1.parked.{durable}", reason[:200])
    await delivery.ack()
    DELIVERED.labels(durable, "parked").inc()


@dataclass(frozen=True, slots=True)
class _Delivered:
    """FastStream's message."""

    message: NatsMessage
    broker: NatsBroker

    @property
    def body(self) -> bytes:
        return self.message.body

    @property
    def tries(self) -> int:
        raw = cast("Msg | list[Msg]", self.message.raw_message)
        first = raw[0] if isinstance(raw, list) else raw
        return first.metadata.num_delivered or 1

    async def ack(self) -> None:
        await self.message.ack()

    async def retry(self, pause_seconds: float) -> None:
        await self.message.nack(delay=pause_seconds)

    async def set_aside(self, subject: str, reason: str) -> None:
        await self.broker.publish(self.message.body, subject, stream="parked", headers={REASON_HEADER: reason})


async def _keep_message(message: NatsMessage) -> NatsMessage:
    return message


def common_subject(subjects: list[str]) -> str:
    """The narrowest wildcard subject that covers all of a stream's subjects: one subscription a stream."""
    if len(subjects) == 1:
        return subjects[0]
    parts = [subject.split(".") for subject in subjects]
    shared: list[str] = []
    for tokens in zip(*parts, strict=False):
        if len(set(tokens)) > 1:
            break
        shared.append(tokens[0])
    return ".".join([*shared, ">"])
