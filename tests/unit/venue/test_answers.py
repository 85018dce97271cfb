"""Proof and doubt in the venue's answers: only a final no is a no."""

import pytest

from shared.domain.ids import VenueOrderId
from shared.venue.answers import (
    Accepted,
    CancelAnswer,
    Duplicated,
    NotCancelled,
    PlacedStatus,
    Rejected,
    Uncertain,
    read_cancelled,
    read_placed,
    read_placed_batch,
)
from shared.venue.http import Response
from shared.venue.rejections import Reason

ID = VenueOrderId("0x" + "ab" * 32)
OTHER = VenueOrderId("0x" + "cd" * 32)


def said(status: int, body: str, **headers: str) -> Response:
    return Response(status, headers, body.encode())


def test_an_acceptance_names_the_order() -> None:
    answer = read_placed(said(200, f'{{"success":true,"errorMsg":"","orderID":"{ID}","status":"live"}}'))
    assert answer == Accepted(ID, PlacedStatus.LIVE)


@pytest.mark.parametrize("status", list(PlacedStatus))
def test_every_status_of_an_accepted_order_is_known(status: PlacedStatus) -> None:
    answer = read_placed(said(200, f'{{"success":true,"errorMsg":"","orderID":"{ID}","status":"{status}"}}'))
    assert answer == Accepted(ID, status)


UNCERTAIN_200 = {
    "success with an error": f'{{"success":true,"errorMsg":"boom","orderID":"{ID}"}}',
    "success without an order": '{"success":true,"errorMsg":"","orderID":""}',
    "no success": f'{{"success":false,"errorMsg":"","orderID":"{ID}"}}',
    "an unknown status": f'{{"success":true,"errorMsg":"","orderID":"{ID}","status":"pondering"}}',
    "no JSON": "<html>",
    "an array": "[]",
}


@pytest.mark.parametrize("body", UNCERTAIN_200.values(), ids=UNCERTAIN_200.keys())
def test_a_200_whose_signs_disagree_is_uncertain(body: str) -> None:
    assert isinstance(read_placed(said(200, body)), Uncertain)


def test_an_unknown_status_is_named() -> None:
    answer = read_placed(said(200, UNCERTAIN_200["an unknown status"]))
    assert isinstance(answer, Uncertain)
    assert "pondering" in answer.text


REJECTIONS = {
    "invalid post-only order: order crosses book": (400, Reason.POST_ONLY_WOULD_CROSS),
    f"order {ID} crosses the book": (400, Reason.POST_ONLY_WOULD_CROSS),
    f"order {ID} is invalid. Price (0.455) breaks minimum tick size rule: 0.01": (400, Reason.TICK),
    f"order {ID} is invalid. Size (1.08) lower than the minimum: 5": (400, Reason.MIN_SHARES),
    "invalid amounts, the buy orders maker amount supports a max accuracy": (400, Reason.AMOUNT_DECIMALS),
    "not enough balance / allowance: the balance is not enough": (400, Reason.BALANCE),
    "invalid expiration": (400, Reason.EXPIRATION),
    "order couldn't be fully filled. FOK orders are fully filled or killed.": (400, Reason.NOT_FILLED),
    "the market is not yet ready to process new orders": (400, Reason.MARKET_NOT_READY),
    "order match delayed due to market conditions": (400, Reason.MARKET_NOT_READY),
    "maker address not allowed, please use the deposit wallet flow": (400, Reason.WALLET),
    "the order signer address has to be the address of the API KEY": (400, Reason.WALLET),
    "the order owner has to be the owner of the API KEY": (400, Reason.WALLET),
    "'0x0' address banned": (400, Reason.ACCOUNT),
    "'0x0' address in closed only mode": (400, Reason.ACCOUNT),
    "Too many orders in payload: 16, max allowed: 15": (400, Reason.TOO_MANY_ORDERS),
    "invalid signature": (400, Reason.SIGNATURE),
    "order_version_mismatch": (400, Reason.ORDER_VERSION),
    "Unauthorized/Invalid api key": (401, Reason.UNAUTHORIZED),
    "No orderbook exists for the requested token id": (404, Reason.MARKET_CLOSED),
    "market not found": (404, Reason.MARKET_CLOSED),
    "a text never seen before": (400, Reason.OTHER),
}


@pytest.mark.parametrize("text", REJECTIONS.keys())
def test_a_final_no_is_a_rejection_with_our_reason(text: str) -> None:
    status, reason = REJECTIONS[text]
    assert read_placed(said(status, f'{{"error":"{text}"}}')) == Rejected(reason, text, "", status)


def test_duplicated_is_no_rejection_it_was_seen_before() -> None:
    text = f"order {ID} is invalid. Duplicated."
    assert read_placed(said(400, f'{{"error":"{text}"}}')) == Duplicated(text)


NOT_FINAL = {
    "the engine restarts": (425, "", Reason.RESTARTING),
    "too fast": (429, '{"error":"slow down"}', Reason.RATE_LIMITED),
    "a request that took too long": (408, '{"error":"late"}', Reason.OTHER),
    "dropped in a burst": (500, '{"error":"order timed out"}', Reason.VENUE_TIMEOUT),
    "not inserted": (500, '{"error":"could not insert order"}', Reason.VENUE_FAULT),
    "a fault with a final text": (500, f'{{"error":"order {ID} is invalid. Size"}}', Reason.VENUE_FAULT),
    "post-only mode": (503, '{"error":"post-only mode: x","code":"post_only_mode"}', Reason.POST_ONLY_MODE),
    "no trading": (503, '{"error":"trading is disabled"}', Reason.TRADING_DISABLED),
    "a gateway": (502, "<html>", Reason.VENUE_FAULT),
    "a 400 nobody can read": (400, "<html>", Reason.OTHER),
    "a redirect": (302, "", Reason.OTHER),
}


@pytest.mark.parametrize(("status", "body", "reason"), NOT_FINAL.values(), ids=NOT_FINAL.keys())
def test_anything_but_a_final_no_is_uncertain(status: int, body: str, reason: Reason) -> None:
    answer = read_placed(said(status, body))
    assert isinstance(answer, Uncertain)
    assert (answer.reason, answer.http_status) == (reason, status)


def test_the_venue_says_how_long_to_wait() -> None:
    by_header = read_placed(said(425, "", **{"retry-after": "1"}))
    by_body = read_placed(said(503, '{"error":"x","code":"post_only_mode","retry_after_seconds":120}'))
    assert isinstance(by_header, Uncertain)
    assert isinstance(by_body, Uncertain)
    assert (by_header.retry_after_seconds, by_body.retry_after_seconds) == (1, 120)


def test_each_leg_of_a_batch_has_its_own_answer() -> None:
    body = f"""[{{"success":true,"errorMsg":"","orderID":"{ID}","status":"live"}},
      {{"success":true,"errorMsg":"order {OTHER} is invalid. Duplicated.","orderID":""}},
      {{"success":true,"errorMsg":"Rate limit exceeded for tokenId 1","orderID":"","status":"delayed"}}, 7]"""
    answers = read_placed_batch(said(200, body), 4)
    assert [type(answer) for answer in answers] == [Accepted, Duplicated, Uncertain, Uncertain]
    assert isinstance(answers[2], Uncertain)
    assert answers[2].reason is Reason.RATE_LIMITED


def test_a_batch_with_too_few_answers_is_uncertain_throughout() -> None:
    answers = read_placed_batch(said(200, "[]"), 2)
    assert [type(answer) for answer in answers] == [Uncertain, Uncertain]


def test_a_refused_batch_refuses_each_leg() -> None:
    answers = read_placed_batch(said(401, '{"error":"Unauthorized/Invalid api key"}'), 2)
    assert [type(answer) for answer in answers] == [Rejected, Rejected]


def test_a_cancel_tells_what_is_gone_and_why_the_rest_is_not() -> None:
    body = f'{{"canceled":["{ID}"],"not_canceled":{{"{OTHER}":"already canceled or matched"}}}}'
    assert read_cancelled(said(200, body), frozenset({ID, OTHER})) == CancelAnswer(
        frozenset({ID}), {OTHER: NotCancelled.ALREADY_FINAL}, frozenset()
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Order not found or already canceled", NotCancelled.NOT_FOUND),
        ("already canceled or matched", NotCancelled.ALREADY_FINAL),
        ("the order is held", NotCancelled.OTHER),
    ],
)
def test_the_reason_why_not_is_ours(text: str, reason: NotCancelled) -> None:
    answer = read_cancelled(said(200, f'{{"canceled":[],"not_canceled":{{"{ID}":"{text}"}}}}'), frozenset({ID}))
    assert answer.not_cancelled == {ID: reason}


@pytest.mark.parametrize("status", [200, 425, 500, 429])
def test_an_order_the_answer_does_not_name_is_unanswered(status: int) -> None:
    answer = read_cancelled(said(status, '{"canceled":[]}'), frozenset({ID}))
    assert answer.unanswered == {ID}
    assert answer.problem is not None
