"""Who owns what, in integer base units. Nothing is created or lost: every movement has two ends."""

from collections import defaultdict

from venue_sim.markets import Market
from venue_sim.orders import Side
from venue_sim.units import up_value

FLOW = "flow"
FEES = "fees"


class Ledger:
    """Cash and tokens per account, and per market the vault that backs its full sets.

    `FLOW` is the market's other participants as one account on house credit: its cash may be negative.
    """

    def __init__(self) -> None:
        self.cash: defaultdict[str, int] = defaultdict(int)
        self.tokens: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.vaults: defaultdict[str, int] = defaultdict(int)
        self.deposited = 0

    def deposit(self, account: str, amount: int) -> None:
        self.cash[account] += amount
        self.deposited += amount

    def trade(self, account: str, market: Market, outcome: int, side: Side, *, shares: int, up_price: int) -> None:
        """One party's half of a fill. The vault takes the other end: two buyers mint a set, two sellers merge one."""
        value = up_value(shares, up_price) if outcome == 0 else shares - up_value(shares, up_price)
        token = market.tokens[outcome]
        if side == "BUY":
            self._pay(account, market, value)
            self.tokens[account][token] += shares
            return
        if account == FLOW:
            self._mint_shortfall(market, token, shares)
        self.tokens[account][token] -= shares
        self._pay(account, market, -value)

    def charge_fee(self, account: str, fee: int) -> None:
        self.cash[account] -= fee
        self.cash[FEES] += fee

    def merge(self, account: str, market: Market, shares: int) -> None:
        """Full sets back into the collateral that they were made of."""
        for token in market.tokens:
            self.tokens[account][token] -= shares
        self._pay(account, market, -shares)

    def redeem(self, account: str, market: Market, outcome: int, shares: int) -> None:
        """One unit of collateral for each winning token, nothing for a losing one."""
        self.tokens[account][market.tokens[outcome]] -= shares
        if outcome == market.winner:
            self._pay(account, market, -shares)

    def pay_out(self, market: Market, winner: int, only: str | None = None) -> None:
        """Every winning token becomes one unit of collateral, the losing ones become nothing: everybody's, or of
        `only` one account."""
        for account, held in self.tokens.items():
            if only is not None and account != only:
                continue
            won = held.pop(market.tokens[winner], 0)
            held.pop(market.tokens[1 - winner], None)
            if won:
                self._pay(account, market, -won)

    def total_cash(self) -> int:
        """All cash there is; equals `deposited` at every instant."""
        return sum(self.cash.values()) + sum(self.vaults.values())

    def supply(self, token: str) -> int:
        return sum(held.get(token, 0) for held in self.tokens.values())

    def _pay(self, account: str, market: Market, amount: int) -> None:
        self.cash[account] -= amount
        self.vaults[market.condition_id] += amount

    def _mint_shortfall(self, market: Market, token: str, shares: int) -> None:
        missing = shares - self.tokens[FLOW][token]
        if missing > 0:
            self._pay(FLOW, market, missing)
            for each in market.tokens:
                self.tokens[FLOW][each] += missing
