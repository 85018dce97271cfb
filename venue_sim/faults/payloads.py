"""Fields of a trade that the venue has been seen to leave out or to spell otherwise."""

from typing import Any

from venue_sim.faults.switchboard import Faults

Payload = dict[str, Any]


def order_event(payload: Payload, faults: Faults) -> Payload:
    """As the user socket shows it."""
    event = _timed(payload, faults)
    if faults.strikes("order_fields_missing"):
        return {name: value for name, value in event.items() if name != "status"} | {"size_matched": ""}
    return event


def trade_event(payload: Payload, faults: Faults) -> Payload:
    """As the user socket shows it."""
    return _timed(_makers(payload, faults), faults)


def trade_row(payload: Payload, faults: Faults) -> Payload:
    """As /data/trades lists it."""
    row = _makers(payload, faults)
    if faults.strikes("bucket_missing"):
        row = {name: value for name, value in row.items() if name != "bucket_index"}
    if faults.strikes("status_prefixed"):
        row = {**row, "status": f"TRADE_STATUS_{row['status']}"}
    return row


def _timed(payload: Payload, faults: Faults) -> Payload:
    if faults.strikes("event_seconds"):
        return {**payload, "timestamp": payload["timestamp"][:-3]}
    return payload


def _makers(payload: Payload, faults: Faults) -> Payload:
    if faults.strikes("makers_missing"):
        return {**payload, "maker_orders": []}
    if faults.strikes("maker_side_missing"):
        makers: list[Payload] = payload["maker_orders"]
        bare = [{name: value for name, value in maker.items() if name != "side"} for maker in makers]
        return {**payload, "maker_orders": bare}
    return payload
