"""The relayer's REST surface."""

import hmac
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from venue_sim.api.responses import body_of, guarded, parse
from venue_sim.eip712 import keccak, parse_address
from venue_sim.errors import VenueError, bad_request
from venue_sim.facts import KeyIssued
from venue_sim.relayer import Relayer, WalletBatch
from venue_sim.state import CHAIN_NEW, Transaction
from venue_sim.wire import Payload
from venue_sim.world import World


class RelayerApi:
    """Handlers under /relayer. An account's relayer key is its API key."""

    def __init__(self, world: World) -> None:
        self._exchange = world.exchange
        self._relayer = Relayer(world.exchange, world.timeline)

    def routes(self) -> list[BaseRoute]:
        table: list[tuple[str, str, Any]] = [
            ("POST", "/relayer/submit", self.submit),
            ("GET", "/relayer/v1/account/transactions/params", self.params),
            ("GET", "/relayer/v1/account/transactions/{transaction_id}", self.transaction),
        ]
        return [Route(path, guarded(handler), methods=[method]) for method, path, handler in table]

    async def submit(self, request: Request) -> object:
        key = self._key(request)
        transaction = self._relayer.submit(parse(await body_of(request), WalletBatch), key)
        return {
            "transactionID": transaction.fact.id,
            "transactionHash": _hash(transaction),
            "state": transaction.state,
        }

    async def params(self, request: Request) -> object:
        self._key(request)
        try:
            owner = parse_address(request.query_params.get("address", ""))
        except ValueError as error:
            raise bad_request("invalid address") from error
        return {"address": owner, "nonce": str(self._exchange.state.wallet_nonces[owner])}

    async def transaction(self, request: Request) -> object:
        key = self._key(request)
        found = self._exchange.state.transactions.get(request.path_params["transaction_id"])
        if found is None or found.fact.owner != key.address:
            raise VenueError(404, "transaction not found")
        return _shown(found)

    def _key(self, request: Request) -> KeyIssued:
        key = self._exchange.state.keys.get(request.headers.get("relayer_api_key", ""))
        address = request.headers.get("relayer_api_key_address", "").lower()
        if key is None or not hmac.compare_digest(address.encode(), key.address.lower().encode()):
            raise VenueError(401, "invalid authorization")
        return key


def _shown(transaction: Transaction) -> Payload:
    return {
        "transaction_id": transaction.fact.id,
        "transaction_hash": _hash(transaction),
        "state": transaction.state,
        "error_msg": transaction.reason or None,
    }


def _hash(transaction: Transaction) -> str:
    """Empty before it is on chain."""
    return "" if transaction.state == CHAIN_NEW else "0x" + keccak(transaction.fact.id.encode()).hex()
