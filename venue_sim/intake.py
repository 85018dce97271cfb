"""Reading an order off the wire and holding it against the venue's rules that need no book."""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta, Struct

from venue_sim import eip712
from venue_sim.errors import VenueError, bad_request
from venue_sim.markets import Market
from venue_sim.orders import OrderType, Side
from venue_sim.units import ONE, UNIT, amount_text, decimals, price_text

Digits = Annotated[str, Meta(pattern=r"^[0-9]{1,78}$")]
Address = Annotated[str, Meta(pattern=r"^0x[0-9a-fA-F]{40}$")]
Word = Annotated[str, Meta(pattern=r"^0x[0-9a-fA-F]{64}$")]
Hex = Annotated[str, Meta(pattern=r"^0x[0-9a-fA-F]*$", max_length=4096)]

SHARE_DECIMALS = 2
AMOUNT_DECIMALS = {1000: 3, 100: 4, 50: 5, 25: 6, 10: 5, 1: 6}
MARKETABLE_BUY_MINIMUM = UNIT
GTD_MINIMUM_AHEAD_SECONDS = 180
GTD_DIES_BEFORE_SECONDS = 60
_UINT256 = 1 << 256


class WireOrder(Struct, frozen=True):
    """The `order` object of POST /order: the signed fields, the signature, and the unsigned expiration."""

    salt: Annotated[int, Meta(ge=0, le=(1 << 53) - 1)]
    maker: Address
    signer: Address
    tokenId: Digits  # noqa: N815 - the venue's spelling
    makerAmount: Digits  # noqa: N815
    takerAmount: Digits  # noqa: N815
    side: Side
    signatureType: Literal[0, 1, 2, 3]  # noqa: N815
    timestamp: Digits
    metadata: Word
    builder: Word
    signature: Hex
    expiration: Digits = "0"


class WireRequest(Struct, frozen=True):
    """The body of POST /order. `postOnly` absent means false; `deferExec` changes nothing here."""

    order: WireOrder
    owner: str
    orderType: OrderType = "GTC"  # noqa: N815
    postOnly: bool | None = False  # noqa: N815
    deferExec: bool | None = False  # noqa: N815


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """A request whose signature holds. `price` in 1/10000 of its token; `cash` and `shares` in base units."""

    id: str
    request: WireRequest
    market: Market
    outcome: int
    price: int
    shares: int
    cash: int

    @property
    def side(self) -> Side:
        return self.request.order.side

    @property
    def order_type(self) -> OrderType:
        return self.request.orderType

    @property
    def post_only(self) -> bool:
        return bool(self.request.postOnly)

    @property
    def expiration(self) -> int:
        return int(self.request.order.expiration)


def verify(request: WireRequest, key_address: str, market: Market, outcome: int) -> SignedOrder:
    """Checks who signed what, and derives price and size. Raises VenueError with the venue's text."""
    order = request.order
    struct = _struct(order)
    domain = eip712.DOMAIN_3 if market.version == "v2" else eip712.DOMAIN_2
    order_id = "0x" + eip712.order_digest(struct, domain).hex()
    _check_wallet(order, key_address)
    if eip712.order_signer(struct, domain, bytes.fromhex(_even(order.signature))) != key_address:
        raise bad_request("invalid signature")
    cash, shares = struct.maker_amount, struct.taker_amount
    if order.side == "SELL":
        cash, shares = shares, cash
    if not cash or not shares:
        raise bad_request(f"order {order_id} is invalid. Amounts must be greater than zero")
    price = _price(request, order_id, market, cash, shares)
    return SignedOrder(order_id, request, market, outcome, price, shares, cash)


def check_terms(signed: SignedOrder, wall_s: int) -> None:
    """Size, decimals and expiration. Raises VenueError with the venue's text."""
    minimum = signed.market.min_shares
    if signed.shares < minimum and not _is_market_buy(signed):
        size = f"Size ({amount_text(signed.shares)}) lower than the minimum: {amount_text(minimum)}"
        raise bad_request(f"order {signed.id} is invalid. {size}")
    if signed.post_only and signed.order_type in {"FOK", "FAK"}:
        raise bad_request("invalid post-only order: only GTC and GTD orders can be post-only")
    _check_decimals(signed)
    if signed.order_type == "GTD":
        if signed.expiration < wall_s + GTD_MINIMUM_AHEAD_SECONDS:
            raise bad_request("invalid expiration")
    elif signed.expiration:
        raise bad_request("invalid expiration")


def _struct(order: WireOrder) -> eip712.OrderStruct:
    numbers = [int(text) for text in (order.tokenId, order.makerAmount, order.takerAmount, order.timestamp)]
    if max(numbers) >= _UINT256:
        raise bad_request("Invalid order payload")
    token_id, maker_amount, taker_amount, timestamp_ms = numbers
    return eip712.OrderStruct(
        salt=order.salt,
        maker=order.maker,
        signer=order.signer,
        token_id=token_id,
        maker_amount=maker_amount,
        taker_amount=taker_amount,
        side=0 if order.side == "BUY" else 1,
        signature_type=order.signatureType,
        timestamp_ms=timestamp_ms,
        metadata=bytes.fromhex(order.metadata[2:]),
        builder=bytes.fromhex(order.builder[2:]),
    )


def _check_wallet(order: WireOrder, key_address: str) -> None:
    """Type 0: maker is the key; 1 and 2: a wallet whose signer is the key; 3: the wallet signs as itself."""
    maker, signer = eip712.parse_address(order.maker), eip712.parse_address(order.signer)
    if order.signatureType == eip712.CONTRACT_WALLET_SIGNATURE:
        if maker != signer:
            raise bad_request("invalid signature")
    elif signer != key_address:
        raise bad_request("the order signer address has to be the address of the API KEY")
    elif order.signatureType == 0 and maker != signer:
        raise bad_request("invalid signature")


def _even(signature: str) -> str:
    digits = signature[2:]
    return digits if len(digits) % 2 == 0 else digits + "0"


def _price(request: WireRequest, order_id: str, market: Market, cash: int, shares: int) -> int:
    """cash / shares in 1/10000. A market order's ratio is off the tick by its rounding only."""
    tick = market.tick
    exact, rest = divmod(cash * ONE, shares)
    if request.orderType in {"FOK", "FAK"}:
        price = (2 * cash * ONE + shares * tick) // (2 * shares * tick) * tick
        rest = 10 * abs(cash * ONE - price * shares) >= tick * shares
    else:
        price = exact
    if rest or price % tick or not tick <= price <= ONE - tick:
        shown = f"{cash / shares:.6f}".rstrip("0")
        raise bad_request(
            f"order {order_id} is invalid. Price ({shown}) breaks minimum tick size rule: {price_text(tick)}"
        )
    return price


def _is_market_buy(signed: SignedOrder) -> bool:
    return signed.side == "BUY" and signed.order_type in {"FOK", "FAK"}


def _check_decimals(signed: SignedOrder) -> None:
    """A market buy states its cash in cents; every other order its shares in hundredths."""
    amount = AMOUNT_DECIMALS[signed.market.tick]
    maker, taker = (amount, SHARE_DECIMALS) if signed.side == "BUY" else (SHARE_DECIMALS, amount)
    kind = f"{signed.side.lower()} orders"
    if signed.order_type in {"FOK", "FAK"}:
        maker, taker, kind = SHARE_DECIMALS, amount, f"market {kind}"
    offered, asked = (signed.cash, signed.shares) if signed.side == "BUY" else (signed.shares, signed.cash)
    if decimals(offered) > maker or decimals(asked) > taker:
        raise bad_request(
            f"invalid amounts, the {kind} maker amount supports a max accuracy of {maker} decimals, "
            f"taker amount a max of {taker} decimals"
        )


def not_enough(balance: int, active: int, wanted: int) -> VenueError:
    """The venue lists what it counted, in base units."""
    detail = f"the balance is not enough -> balance: {balance}"
    if active:
        detail += f", sum of active orders: {active}, sum of matched orders: 0"
    return bad_request(f"not enough balance / allowance: {detail}, order amount: {wanted}")
