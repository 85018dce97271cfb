"""The one list of faults: a name, what happens, and the real problem that it copies."""

from dataclasses import dataclass
from typing import Literal

ANSWER_DELAY_MS = 8_000
LAG_MS = 3_000


@dataclass(frozen=True, slots=True)
class Fault:
    """`delay_ms` is the usual length of what it delays, in the time that `delay_in` names; 0 when it delays nothing.

    `once` faults act when they are switched on and are over. The others are on for a while: a plan draws their
    chance and length (wall seconds) from the two ranges.
    """

    name: str
    what: str
    copies: str
    delay_ms: int = 0
    delay_in: Literal["wall", "domain"] = "wall"
    once: bool = False
    chances: tuple[float, float] = (0.2, 0.8)
    seconds: tuple[float, float] = (3.0, 15.0)


ALWAYS = (1.0, 1.0)

FAULTS: tuple[Fault, ...] = (
    # Placing
    Fault("request_lost", "The connection closes before an order is taken.", "py-sdk#209"),
    Fault("answer_lost", "The order is taken, then the connection closes without an answer.", "py-clob-client#273"),
    Fault("answer_late", "The order is taken at once and answered late.", "py-clob-client#273", ANSWER_DELAY_MS),
    Fault("request_repeated", "The edge sends the order twice: taken, and answered Duplicated.", "py-clob-client#273"),
    Fault("order_timed_out", "500 `order timed out`; the order is not taken.", "docs, error codes"),
    Fault("bad_gateway", "502 although the order was taken.", "py-clob-client#273"),
    Fault("unavailable", "503 without a code; the order is not taken.", "docs, error codes"),
    Fault("rate_limited", "429 with Retry-After, whatever was sent.", "docs, rate limits"),
    Fault("restarting", "425 to orders and cancels: matching restarts.", "docs, matching engine", chances=ALWAYS),
    Fault("post_only", "503 `post_only_mode` to orders that may take.", "docs, matching engine", chances=ALWAYS),
    Fault("cancel_only", "503 `trading is disabled` to orders; cancels work.", "docs, error codes", chances=ALWAYS),
    Fault("version_mismatch", "400 `order_version_mismatch`.", "py-clob-client#335 #337 #340"),
    Fault("funds_locked", "400 `not enough balance` for matches that are none.", "py-clob-client#342 #287 #297"),
    Fault("account_closed", "400 `address in closed only mode`.", "docs, error codes"),
    Fault("wallet_refused", "400 `maker address not allowed`.", "py-clob-client-v2#53"),
    Fault("key_refused", "401 to orders, cancels and reads.", "docs, error codes"),
    Fault("leg_refused", "A good leg of a batch fails, with success:true and no order id.", "docs, place orders"),
    Fault("order_delayed", "Answered `delayed`; a taking order is matched late.", "docs, place orders", LAG_MS),
    Fault("taker_held", "A taking order is held longer before it is matched.", "docs, taker delay", 1_000),
    Fault("orders_wiped", "All resting orders are cancelled.", "py-clob-client#335", once=True),
    # Cancelling
    Fault("cancel_lost", "The connection closes before a cancel is taken.", "py-sdk#209"),
    Fault("cancel_answer_lost", "The cancel is done, then the connection closes.", "py-clob-client#273"),
    Fault("cancel_answer_late", "The cancel is done at once and answered late.", "py-clob-client#273", ANSWER_DELAY_MS),
    Fault("cancel_overtaken", "Answered as cancelled, but the order was filled.", "seen in production"),
    Fault("cancel_too_late", "`not_canceled`: the order was filled just before.", "docs, manage orders"),
    Fault("cancel_part_filled", "Half of it was filled just before; the rest is cancelled.", "docs, manage orders"),
    Fault("cancel_slow", "Answered as cancelled; the order rests a little longer.", "seen in production", 1_000),
    # Reading back
    Fault("order_unknown", "An order accepted just now is unknown to every read.", "py-clob-client#273", LAG_MS),
    Fault("order_forgotten", "An order that is over is unknown by its id.", "field reports", chances=ALWAYS),
    Fault("trades_lag", "The trade list lacks the last seconds.", "py-sdk#102", 5_000, chances=ALWAYS),
    Fault("balance_stale", "Balances are those of a moment ago, until updated.", "docs, balances", 5_000),
    Fault("balance_zero", "Balances are 0 until updated.", "py-clob-client-v2#52", chances=ALWAYS),
    Fault("reads_fail", "500 to reads of orders, trades and balances.", "docs, error codes"),
    Fault("reads_late", "Reads of orders, trades and balances are answered late.", "docs, rate limits", LAG_MS),
    Fault("bucket_missing", "Trade rows lack `bucket_index`; the socket has it.", "docs, trades", chances=ALWAYS),
    Fault("makers_missing", "Trade rows and events come with empty `maker_orders`.", "docs, user channel"),
    Fault("maker_side_missing", "`maker_orders` come without `side`.", "recorded user trades"),
    Fault("status_prefixed", "Trade rows say `TRADE_STATUS_` before their status.", "the two official clients differ"),
    # What becomes of a trade
    Fault("trade_fails", "A matched trade goes RETRYING, then FAILED: taken back.", "py-clob-client-v2#34", 1_000),
    Fault("trade_retries", "A matched trade goes RETRYING, then mined and confirmed.", "py-clob-client#338", 1_000),
    Fault("trade_slow", "A matched trade is mined and confirmed late.", "py-clob-client-v2#34", 10_000),
    Fault(
        "trades_joined", "One trade takes several makers, each at its own price.", "docs, user channel", chances=ALWAYS
    ),
    # The user socket
    Fault("user_socket_silent", "Open sockets answer PING and say nothing more.", "py-sdk#102", chances=ALWAYS),
    Fault("user_socket_dropped", "Every socket is closed.", "py-sdk#307", once=True),
    Fault("user_events_lost", "Events are left out.", "py-sdk#102"),
    Fault("user_events_duplicated", "Events come twice.", "docs promise no uniqueness"),
    Fault("user_events_reordered", "An event comes after the next one.", "docs promise no order"),
    Fault("order_fields_missing", "Order events lack `status`, their `size_matched` is empty.", "docs, user channel"),
    Fault("event_seconds", "Events carry their `timestamp` in seconds.", "docs, user channel"),
    Fault("sockets_refused", "A new socket of any kind is closed at once.", "py-sdk#307", chances=(0.5, 1.0)),
    # The market socket
    Fault("market_socket_silent", "Open sockets answer PING and say nothing.", "py-clob-client#292", chances=ALWAYS),
    Fault("market_socket_dropped", "Every socket is closed.", "py-sdk#307", once=True),
    Fault("market_frozen", "Some markets' books say nothing more.", "nautilus_trader#4901", chances=(0.3, 0.7)),
    Fault("market_frames_lost", "Frames are left out.", "py-sdk#307"),
    Fault("market_frames_duplicated", "Frames come twice.", "no sequence numbers"),
    Fault("market_frames_reordered", "A frame comes after the next one.", "no sequence numbers"),
    Fault("market_frames_malformed", "Frames are cut in half.", "py-sdk#307"),
    Fault("book_emptied", "Books are shown without any level.", "seen in production", seconds=(1.0, 5.0)),
    Fault("resolved_event_lost", "`market_resolved` is never sent.", "rs-clob-client#226", chances=ALWAYS),
    Fault("tick_changed", "Every open market's tick becomes 0.001.", "docs, market channel", once=True),
    # The price stream
    Fault("price_socket_silent", "Open sockets say nothing more.", "real-time-data-client#26", chances=ALWAYS),
    Fault("price_socket_dropped", "Every socket is closed, 4003: draining.", "docs, live data", once=True),
    Fault("price_frames_lost", "Frames are left out; their sequence numbers are used up.", "docs, live data"),
    # Books and markets by REST
    Fault("book_stale", "`/book` answers with the book of a moment ago.", "nautilus_trader#4901", 5_000),
    Fault("book_missing", "Gamma lists a market that the order book lacks.", "field reports", 60_000, "domain"),
    Fault("tick_stale", "Gamma and `/markets` show 0.01 for a finer tick.", "field reports", chances=ALWAYS),
    Fault("listing_late", "Gamma lists a market only after its start.", "field reports", 60_000, "domain"),
    Fault("listing_odd", "Gamma lists a market with a version or ids of unknown form.", "docs, migration to v2"),
    # Heartbeat, resolution, time
    Fault("heartbeat_refused", "500 to heartbeats.", "nautilus_trader#5021"),
    Fault("heartbeat_mismatch", "400: the venue expects another id, and names it.", "docs, manage orders"),
    Fault("heartbeat_answer_lost", "The beat counts, its answer with the next id is lost.", "docs, manage orders"),
    Fault("resolution_late", "A market is resolved late.", "resolution delays, measured", 180_000, "domain"),
    Fault(
        "resolution_corrected",
        "Socket and order book name the wrong winner while Gamma is silent; later all name the right one.",
        "sources that disagree",
        60_000,
        "domain",
    ),
    Fault("clock_skewed", "`/time` is off.", "clocks differ", 5_000, chances=ALWAYS),
)

BY_NAME = {fault.name: fault for fault in FAULTS}
