"""An account that talks HTTP to a running simulator, signing everything itself."""

import json
import time
from typing import Any

import httpx

from tests.venue_sim.pen import Pen
from tests.venue_sim.process import Address
from venue_sim import eip712
from venue_sim.credentials import request_signature
from venue_sim.eip712 import OrderStruct
from venue_sim.markets import Market
from venue_sim.units import ONE, parse_amount, parse_price

ZERO_WORD = "0x" + "00" * 32


class Account:
    """Logs in when made."""

    def __init__(self, address: Address, secret: int) -> None:
        self._base = address.http
        self._pen = Pen(secret)
        self._salt = 0
        self.last_id = ""
        self.address = self._pen.address
        timestamp = str(int(time.time()))
        headers = {
            "POLY_ADDRESS": self.address,
            "POLY_SIGNATURE": self._pen.sign_hex(eip712.auth_digest(self.address, timestamp, 0)),
            "POLY_TIMESTAMP": timestamp,
            "POLY_NONCE": "0",
        }
        self.key: dict[str, str] = httpx.post(f"{self._base}/auth/api-key", headers=headers).json()

    def get(self, path: str, **params: str) -> Any:
        return self.send("GET", path, params=params).json()

    def post(self, market: Market, *, outcome: int, price: str, shares: str, post_only: bool = False) -> dict[str, Any]:
        """Posts a BUY and returns the answer."""
        body = self.signed(market, outcome=outcome, price=price, shares=shares, post_only=post_only)
        return self.send("POST", "/order", body).json()

    def signed(
        self, market: Market, *, outcome: int, price: str, shares: str, post_only: bool = True
    ) -> dict[str, Any]:
        """The body of a BUY; another one each time."""
        self._salt += 1
        size = parse_amount(shares)
        struct = OrderStruct(
            salt=self._salt,
            maker=self.address,
            signer=self.address,
            token_id=int(market.tokens[outcome]),
            maker_amount=size * parse_price(price) // ONE,
            taker_amount=size,
            side=0,
            signature_type=0,
            timestamp_ms=time.time_ns() // 1_000_000,
            metadata=bytes(32),
            builder=bytes(32),
        )
        domain = eip712.DOMAIN_3 if market.version == "v2" else eip712.DOMAIN_2
        self.last_id = "0x" + eip712.order_digest(struct, domain).hex()
        body = {"order": self._wire(struct, domain), "owner": self.key["apiKey"], "orderType": "GTC"}
        return body | {"postOnly": post_only}

    def _wire(self, struct: OrderStruct, domain: bytes) -> dict[str, object]:
        return {
            "salt": struct.salt,
            "maker": struct.maker,
            "signer": struct.signer,
            "tokenId": str(struct.token_id),
            "makerAmount": str(struct.maker_amount),
            "takerAmount": str(struct.taker_amount),
            "side": "BUY",
            "expiration": "0",
            "signatureType": 0,
            "timestamp": str(struct.timestamp_ms),
            "metadata": ZERO_WORD,
            "builder": ZERO_WORD,
            "signature": self._pen.sign_hex(eip712.order_digest(struct, domain)),
        }

    def send(
        self, method: str, path: str, payload: object = None, timeout: float = 20, params: dict[str, str] | None = None
    ) -> httpx.Response:
        """Raises httpx.TransportError."""
        body = b"" if payload is None else json.dumps(payload).encode()
        timestamp = str(int(time.time()))
        headers = {
            "POLY_ADDRESS": self.address,
            "POLY_API_KEY": self.key["apiKey"],
            "POLY_PASSPHRASE": self.key["passphrase"],
            "POLY_TIMESTAMP": timestamp,
            "POLY_SIGNATURE": request_signature(self.key["secret"], timestamp, method, path, body),
        }
        url = self._base + path
        return httpx.request(method, url, headers=headers, content=body, params=params, timeout=timeout)
