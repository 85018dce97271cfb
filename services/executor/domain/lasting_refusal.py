"""Refusals that the next order will meet too: of the account, the wallet or the key, whatever is ordered.

Instants are monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from services.executor.domain.words import Accepted, PlaceWord, Rejected

REMEDIES = {
    "account": "the venue has closed or banned the account; see its page and the mail it sent",
    "wallet": "wallet, signature_type and API key do not belong together; see --funder and --signature-type",
    "forbidden": "this machine may not trade there; look at https://polymarket.com/api/geoblock from it",
    "unauthorized": "the API credentials are refused; make new ones for api_credentials_file and start again",
    "signature": "the signing key is refused; private_key_file must be the key of the wallet",
    "balance": "the wallet lacks cash or an allowance; deposit, or give the approvals at the venue's page",
    "order_version": "the venue takes another version of orders; bring tdmaker up to date",
}
"""By how the venue's reason begins: what to do, in one line."""
SELDOM_ALONE = frozenset({"balance", "order_version"})
"""One may be of a moment or of one market: a fill that is being settled locks cash, and versions go by market."""
IN_A_ROW = 3
APART_SECONDS = 5.0
"""A ladder is refused at once: rungs of the same instant count as one."""
ROW_SECONDS = 60.0
FIRST_SECONDS = 15.0
LONGEST_SECONDS = 3600.0


@dataclass(slots=True)
class LastingRefusal:
    """Entries are closed until `closed_until_seconds`, None while they are open. `pause_seconds` is above 0 from the
    first such refusal until an entry was accepted: the next one closes at once, for twice as long."""

    closed_until_seconds: float | None = None
    pause_seconds: float = 0.0
    counted_at_seconds: list[float] = field(default_factory=list[float])

    @property
    def is_closed(self) -> bool:
        return self.closed_until_seconds is not None

    def hear(self, word: PlaceWord, now_seconds: float, *, is_exit: bool) -> Rejected | None:
        """The refusal by which entries close, or None. An exit that is taken says nothing of entries."""
        match word:
            case Accepted() if not is_exit and not self.is_closed:
                self.pause_seconds = 0.0
                self.counted_at_seconds.clear()
            case Rejected() if not self.is_closed and self._lasts(word.kind, now_seconds, is_exit=is_exit):
                self.pause_seconds = min(max(2 * self.pause_seconds, FIRST_SECONDS), LONGEST_SECONDS)
                self.closed_until_seconds = now_seconds + self.pause_seconds
                self.counted_at_seconds.clear()
                return word
            case _:
                pass
        return None

    def open_if_due(self, now_seconds: float) -> None:
        """The next entry is the look whether it is gone."""
        if self.closed_until_seconds is not None and now_seconds >= self.closed_until_seconds:
            self.closed_until_seconds = None

    def _lasts(self, kind: str, now_seconds: float, *, is_exit: bool) -> bool:
        if kind not in SELDOM_ALONE:
            return kind in REMEDIES
        return not is_exit and (self.pause_seconds > 0 or self._is_row(now_seconds))

    def _is_row(self, now_seconds: float) -> bool:
        counted = [at for at in self.counted_at_seconds if now_seconds - at <= ROW_SECONDS]
        if not counted or now_seconds - counted[-1] >= APART_SECONDS:
            counted.append(now_seconds)
        self.counted_at_seconds = counted
        return len(counted) >= IN_A_ROW
