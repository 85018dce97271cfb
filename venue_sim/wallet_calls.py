"""What a deposit wallet is told to do: contract calls read from their ABI text, and the digest its owner signs."""

from collections.abc import Sequence

from msgspec import Struct

from venue_sim.eip712 import CHAIN_ID, keccak
from venue_sim.errors import VenueError, bad_request
from venue_sim.facts import TokenMove
from venue_sim.markets import Market
from venue_sim.state import State

COLLATERAL = "0xc011a7e12a19f7b1f670d46f03b03f3342e82dfb"
ADAPTER = "0xada100db00ca00073811820692005400218fce1f"
ROUTER = "0x12121212006e4cd160d18e3f00711da5c3372600"
WORD = 32

_CALL_TYPE = b"Call(address target,uint256 value,bytes data)"
_BATCH_TYPE = b"Batch(address wallet,uint256 nonce,uint256 deadline,Call[] calls)" + _CALL_TYPE
_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_REDEEM_V1 = keccak(b"redeemPositions(address,bytes32,bytes32,uint256[])")[:4]
_MERGE_V1 = keccak(b"mergePositions(address,bytes32,bytes32,uint256[],uint256)")[:4]
_REDEEM_V2 = keccak(b"redeem(bytes31,uint256,uint256)")[:4]
_MERGE_V2 = keccak(b"merge(bytes31,uint256)")[:4]


class WireCall(Struct, frozen=True):
    target: str
    value: str
    data: str


def batch_digest(wallet: str, nonce: int, deadline_s: int, calls: Sequence[WireCall]) -> bytes:
    """Raises ValueError for calls that are no hex, OverflowError for numbers that are no words."""
    domain = keccak(
        keccak(_DOMAIN_TYPE) + keccak(b"DepositWallet") + keccak(b"1") + _number(CHAIN_ID) + _address(wallet)
    )
    hashes = b"".join(
        keccak(keccak(_CALL_TYPE) + _address(call.target) + _number(int(call.value)) + keccak(_bytes(call.data)))
        for call in calls
    )
    batch = keccak(_BATCH_TYPE) + _address(wallet) + _number(nonce) + _number(deadline_s) + keccak(hashes)
    return keccak(b"\x19\x01" + domain + keccak(batch))


def move_of(state: State, call: WireCall) -> TokenMove:
    """Raises VenueError 400 for a call that moves no tokens of a market here."""
    try:
        data, target = _bytes(call.data), call.target.lower()
        selector, words = data[:4], _words(data[4:])
        if call.value == "0" and (target, selector) in _READERS:
            return _READERS[target, selector](state, words)
    except (ValueError, IndexError) as error:
        raise bad_request("call data cannot be read") from error
    raise bad_request(f"call to {call.target} is not supported")


def _redeem_v1(state: State, words: list[bytes]) -> TokenMove:
    market = _v1_market(state, words)
    _expect(words[3:], [4 * WORD, 2, 1, 2])
    return TokenMove("redeem", market.condition_id, None, None)


def _merge_v1(state: State, words: list[bytes]) -> TokenMove:
    market = _v1_market(state, words)
    _expect([words[3], *words[5:]], [5 * WORD, 2, 1, 2])
    return TokenMove("merge", market.condition_id, None, _whole(words[4]))


def _redeem_v2(state: State, words: list[bytes]) -> TokenMove:
    market, outcome = _market(state, words[0], "v2"), _whole(words[1])
    if outcome not in {0, 1} or len(words) != 3:
        raise ValueError(outcome)
    return TokenMove("redeem", market.condition_id, outcome, _whole(words[2]))


def _merge_v2(state: State, words: list[bytes]) -> TokenMove:
    if len(words) != 2:
        raise ValueError(len(words))
    return TokenMove("merge", _market(state, words[0], "v2").condition_id, None, _whole(words[1]))


_READERS = {
    (ADAPTER, _REDEEM_V1): _redeem_v1,
    (ADAPTER, _MERGE_V1): _merge_v1,
    (ROUTER, _REDEEM_V2): _redeem_v2,
    (ROUTER, _MERGE_V2): _merge_v2,
}


def _v1_market(state: State, words: list[bytes]) -> Market:
    """Collateral, no parent collection, condition."""
    _expect(words[:2], [int(COLLATERAL, 16), 0])
    return _market(state, words[2], "v1")


def _market(state: State, condition: bytes, version: str) -> Market:
    market = state.markets.get("0x" + condition.hex())
    if market is None or market.version != version:
        raise VenueError(400, "execution reverted: no such condition")
    return market


def _expect(words: list[bytes], numbers: list[int]) -> None:
    if [_whole(word) for word in words] != numbers:
        raise ValueError(words)


def _words(data: bytes) -> list[bytes]:
    if len(data) % WORD:
        raise ValueError(len(data))
    return [data[start : start + WORD] for start in range(0, len(data), WORD)]


def _whole(word: bytes) -> int:
    return int.from_bytes(word, "big")


def _number(value: int) -> bytes:
    return value.to_bytes(WORD, "big")


def _address(text: str) -> bytes:
    raw = _bytes(text)
    if len(raw) != 20:
        raise ValueError(text)
    return bytes(12) + raw


def _bytes(text: str) -> bytes:
    if not text.startswith("0x"):
        raise ValueError(text)
    return bytes.fromhex(text[2:])
