"""What the relayer's answers mean for bytes that may have been sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.venue.http import Response
from shared.venue.relayer import (
    Busy,
    NonceSpent,
    RelayerKey,
    RelayerKeyError,
    SubmissionRefused,
    SubmissionUnknown,
    SubmitAnswer,
    Submitted,
    read_submitted,
)

OWNER = "0x" + "19" * 20


def answer(status: int, body: object) -> SubmitAnswer:
    return read_submitted(Response(status, {}, json.dumps(body).encode()))


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        pytest.param(400, "wallet busy: active action 7", Busy, id="another action is under way"),
        pytest.param(400, "wallet has in-flight action", Busy, id="in flight"),
        pytest.param(429, "slow down", Busy, id="too many"),
        pytest.param(400, "batch nonce 3 does not match on-chain nonce 4", NonceSpent, id="the nonce is spent"),
        pytest.param(400, "batch nonce 5 does not match on-chain nonce 4", SubmissionRefused, id="a nonce of tomorrow"),
        pytest.param(400, "invalid signature", SubmissionRefused, id="a final no"),
        pytest.param(401, "invalid authorization", SubmissionRefused, id="the key is not known"),
        pytest.param(408, "", SubmissionUnknown, id="timed out there"),
        pytest.param(502, "bad gateway", SubmissionUnknown, id="nobody knows"),
    ],
)
def test_only_a_final_4xx_is_a_refusal(status: int, error: str, kind: type[SubmitAnswer]) -> None:
    assert type(answer(status, {"error": error})) is kind


def test_taken_bytes_have_a_transaction() -> None:
    taken = {"transactionID": "t1", "transactionHash": "", "state": "STATE_NEW"}
    assert answer(200, taken) == Submitted("t1")


def test_an_answer_that_cannot_be_read_proves_nothing() -> None:
    assert isinstance(answer(200, {"id": 1}), SubmissionUnknown)


def test_a_key_file_names_its_key_and_whose_it_is(tmp_path: Path) -> None:
    path = tmp_path / "relayer.json"
    path.write_text(json.dumps({"key": "relayer-key-of-a-test", "address": OWNER}))
    key = RelayerKey.load(path)
    assert (key.key, key.address) == ("relayer-key-of-a-test", OWNER)
    assert "relayer-key-of-a-test" not in repr(key)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"key": "k"}', '{"key": "k", "address": "0x1"}', '{"key": "", "address": "%s"}']
)
def test_an_unusable_key_file_is_refused_without_its_content(tmp_path: Path, text: str) -> None:
    path = tmp_path / "relayer.json"
    path.write_text(text.replace("%s", OWNER))
    with pytest.raises(RelayerKeyError, match="the relayer key file"):
        RelayerKey.load(path)
    with pytest.raises(RelayerKeyError, match="cannot read"):
        RelayerKey.load(tmp_path / "none")
