"""The relayer: takes a deposit wallet's signed calls and has them executed a little later, each nonce once."""

import uuid
from collections import Counter, deque

from msgspec import Struct

from venue_sim.eip712 import parse_address, recover
from venue_sim.errors import VenueError, bad_request
from venue_sim.exchange import Exchange
from venue_sim.facts import KeyIssued, TokenMove, TransactionMoved, TransactionSent
from venue_sim.state import CHAIN_CONFIRMED, CHAIN_FAILED, CHAIN_MINED, CHAIN_NEW, State, Transaction
from venue_sim.timeline import Timeline
from venue_sim.wallet_calls import WireCall, batch_digest, move_of

MOST_A_MINUTE = 25
MINUTE_MS = 60_000


class WalletParams(Struct, frozen=True):
    depositWallet: str  # noqa: N815 - the venue's spelling
    deadline: str
    calls: list[WireCall]


class WalletBatch(Struct, frozen=True, rename={"sender": "from"}):
    type: str
    sender: str
    nonce: str
    signature: str
    depositWalletParams: WalletParams  # noqa: N815 - the venue's spelling


class Relayer:
    """Delays as for trades: mined and confirmed, wall milliseconds after the submission."""

    def __init__(self, exchange: Exchange, timeline: Timeline) -> None:
        self._exchange = exchange
        self._timeline = timeline
        self._sent_ms: deque[int] = deque()
        for transaction in exchange.state.transactions.values():
            if transaction.state in {CHAIN_NEW, CHAIN_MINED}:
                self._execute_later(transaction)

    def submit(self, batch: WalletBatch, key: KeyIssued) -> Transaction:
        """Raises VenueError: who signs, in turn, in time and for calls that would succeed now is taken."""
        self._count()
        moves = self._verified(batch, key)
        sent = TransactionSent(str(uuid.uuid4()), key.address, int(batch.nonce), moves)
        self._exchange.record(sent)
        transaction = self._exchange.state.transactions[sent.id]
        self._execute_later(transaction)
        return transaction

    def _verified(self, batch: WalletBatch, key: KeyIssued) -> list[TokenMove]:
        state, params = self._exchange.state, batch.depositWalletParams
        if batch.type != "WALLET" or not params.calls:
            raise bad_request("only batches of a deposit wallet are relayed here")
        if _signer(batch) != key.address or state.wallets.get(params.depositWallet.lower()) != key.address:
            raise bad_request("invalid signature")
        if int(params.deadline) * 1000 <= self._exchange.clock.wall_ms():
            raise bad_request("deadline has passed")
        if any(each.state == CHAIN_NEW and each.fact.owner == key.address for each in state.transactions.values()):
            raise bad_request("wallet has in-flight action")
        nonce = state.wallet_nonces[key.address]
        if int(batch.nonce) != nonce:
            raise bad_request(f"batch nonce {batch.nonce} does not match on-chain nonce {nonce}")
        moves = [move_of(state, call) for call in params.calls]
        if problem := why_reverted(state, key.address, moves):
            raise bad_request(f"execution reverted: {problem}")
        return moves

    def _count(self) -> None:
        now = self._exchange.clock.wall_ms()
        while self._sent_ms and self._sent_ms[0] <= now - MINUTE_MS:
            self._sent_ms.popleft()
        if len(self._sent_ms) >= MOST_A_MINUTE:
            raise VenueError(429, "Too many requests")
        self._sent_ms.append(now)

    def _execute_later(self, transaction: Transaction) -> None:
        now, settings = self._exchange.clock.wall_ms(), self._exchange.settings
        if transaction.state == CHAIN_NEW:
            self._timeline.at_wall(now + settings.mined_after_ms, lambda: self._mine(transaction))
        self._timeline.at_wall(now + settings.confirmed_after_ms, lambda: self._confirm(transaction))

    def _mine(self, transaction: Transaction) -> None:
        """What would have succeeded at the submission may not any more."""
        fact = transaction.fact
        problem = why_reverted(self._exchange.state, fact.owner, fact.moves)
        self._exchange.record(TransactionMoved(fact.id, CHAIN_FAILED if problem else CHAIN_MINED, problem))

    def _confirm(self, transaction: Transaction) -> None:
        if transaction.state == CHAIN_MINED:
            self._exchange.record(TransactionMoved(transaction.fact.id, CHAIN_CONFIRMED))


def why_reverted(state: State, owner: str, moves: list[TokenMove]) -> str:
    """What the contracts would say of all these moves together, empty when they succeed."""
    taken: Counter[str] = Counter()
    for move in moves:
        market = state.markets[move.market]
        if move.kind == "redeem" and not market.resolved:
            return "payouts are not reported"
        if move.shares == 0:
            return "amount is zero"
        for token in market.tokens if move.outcome is None else (market.tokens[move.outcome],):
            taken[token] += move.shares or 0
            if taken[token] > state.ledger.tokens[owner][token]:
                return "insufficient balance"
    return ""


def _signer(batch: WalletBatch) -> str | None:
    """None unless the key that signed is the one it says it is from."""
    params = batch.depositWalletParams
    try:
        digest = batch_digest(params.depositWallet, int(batch.nonce), int(params.deadline), params.calls)
        signer = recover(digest, bytes.fromhex(batch.signature.removeprefix("0x")))
        return signer if signer == parse_address(batch.sender) else None
    except (ValueError, OverflowError):
        return None
