"""Settings: who wins, what is refused, and in what words."""

from decimal import Decimal
from pathlib import Path

import pytest

from shared.runtime.settings import Settings, SettingsError, load_settings, shown, start_warnings


def load(toml: Path | None = None, environ: dict[str, str] | None = None, /, **options: object) -> Settings:
    return load_settings(toml, options, environ or {})


def refusal(toml: Path | None = None, environ: dict[str, str] | None = None, /, **options: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(toml, environ, **options)
    return caught.value.lines


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    path = tmp_path / "tdmaker.toml"
    path.write_text('target_bid = 0.70\nmax-bid = "0.80"\nsymbols = ["btc", "ETHUSDT"]\nmode = "live"\n')
    return path


def test_the_file_beats_the_defaults_the_environment_the_file_and_an_option_all(toml: Path) -> None:
    environ = {"TDMAKER_MAX_BID": "0.81", "TDMAKER_ORDER_SIZE": "3"}
    settings = load(toml, environ, order_size="4")
    assert (settings.target_bid, settings.max_bid, settings.order_size) == (Decimal("0.70"), Decimal("0.81"), 4)
    assert settings.cb_max_losses == 5


def test_a_decimal_of_the_file_never_passes_through_a_float(toml: Path) -> None:
    assert str(load(toml).target_bid) == "0.70"


@pytest.mark.parametrize("spelling", ["BTCUSDT,ETHUSDT", "btc,eth", "BTC, ETH", "btc,BTCUSDT,eth"])
def test_every_spelling_of_a_coin_is_the_same_coin(spelling: str) -> None:
    assert load(symbols=spelling).symbols == ("btc", "eth")


def test_autopilot_and_live_are_the_same_mode_and_an_option_beats_the_file(toml: Path) -> None:
    assert load(autopilot=True).mode == load(live=True).mode == load(mode="autopilot").mode == "live"
    assert load(toml, paper=True).mode == "paper"


def test_a_variable_may_name_the_file_that_holds_the_value_and_the_value_itself_wins(tmp_path: Path) -> None:
    named = tmp_path / "run_id"
    named.write_text("20260401T1200\n")
    environ = {"TDMAKER_RUN_ID_FILE": str(named), "TDMAKER_WALLET_ADDRESS_FILE": ""}
    assert load(None, environ).run_id == "20260401T1200"
    assert load(None, environ).wallet_address is None
    assert load(None, environ | {"TDMAKER_RUN_ID": "own"}).run_id == "own"


def test_a_file_named_by_a_variable_must_be_there(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    (line,) = refusal(None, {"TDMAKER_RUN_ID_FILE": str(missing)})
    assert line == f"TDMAKER_RUN_ID_FILE={missing}: cannot be read (No such file or directory); correct it"


def test_db_url_is_another_name_of_postgres_url() -> None:
    assert load(db_url="postgresql://db:5432/x").postgres_url == "postgresql://db:5432/x"


def test_addresses_follow_the_venue_unless_they_are_given() -> None:
    assert load(venue="polymarket").clob_url == "https://clob.polymarket.com"
    simulated = load(sim_url="http://127.0.0.1:9000/")
    assert simulated.gamma_url == "http://127.0.0.1:9000/gamma"
    assert simulated.user_ws_url == "ws://127.0.0.1:9000/ws/user"
    assert load(venue="polymarket", clob_url="http://127.0.0.1:1").clob_url == "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("target_bid", "0.755", "must lie on the tick of 0.01"),
        ("max_bid", "1", "at most 0.99"),
        ("target_bid", "nan", "must be a number"),
        ("ladder_rungs", "0", "at least 1"),
        ("slot_duration", "1h", "must be one of 15m, 5m, both"),
        ("symbols", "btc,f/o", "f/o is no coin"),
        ("symbols", "", "must name at least one"),
        ("cb_max_drawdown", "0", "below 0"),
        ("avoid_hours_utc", "24", "hours from 0 to 23"),
        ("market_ws_url", "http://x", "must be an address starting with ws:// or wss://"),
        ("funder", "0x12", "must match"),
    ],
)
def test_a_value_out_of_range_is_one_line_with_option_value_range_and_default(
    option: str, value: str, words: str
) -> None:
    (line,) = refusal(None, None, **{option: value})
    assert line.startswith(f"--{option.replace('_', '-')}={value}: ")
    assert words in line
    assert "; the default is " in line


def test_the_line_names_the_variable_when_the_environment_is_to_blame() -> None:
    (line,) = refusal(None, {"TDMAKER_MAX_BID": "2"})
    assert line.startswith("TDMAKER_MAX_BID=2: ")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"target_bid": "0.8", "max_bid": "0.75"}, "max_bid=0.75 is below target_bid=0.8"),
        ({"ladder_rungs": 3, "taker": True}, "ladder_rungs=3 does not go with taker"),
        ({"stoploss_peak": "0.4", "stoploss_exit": "0.5"}, "stoploss_exit=0.5 is above stoploss_peak=0.4"),
        ({"stoploss_peak": "0.7"}, "has no stoploss_exit"),
        ({"hybrid_skip_below": "0.8"}, "hybrid_taker_above=0.72 is below hybrid_skip_below=0.8"),
        ({"entry_mode": "ml-hybrid"}, "entry_mode=ml-hybrid has no model_path"),
        ({"entry_mode": "ml-dynamic"}, "entry_mode=ml-dynamic has no model_path"),
        ({"min_move_pct": "0.3", "max_move_pct": "0.2"}, "max_move_pct=0.2 is below min_move_pct=0.3"),
        ({"min_entry_minutes": 9, "max_entry_minutes": 3}, "max_entry_minutes=3 is before min_entry_minutes=9"),
        ({"cb_stale_cancel": 10}, "out of order"),
        ({"venue": "polymarket", "speed": 10}, "only the simulator can hurry"),
        ({"clob_url": "https://clob.polymarket.com"}, "is the real venue but venue=sim"),
        ({"venue": "polymarket", "live": True, "price_source": "binance"}, "is not the venue's own feed"),
        ({"order_size": 60, "max_exposure": 50}, "order_size=60 is above max_exposure=50"),
    ],
)
def test_settings_that_contradict_are_refused(options: dict[str, object], words: str) -> None:
    assert any(words in line for line in refusal(None, None, **options))


def test_an_unknown_setting_is_refused_with_the_nearest_known_name(tmp_path: Path) -> None:
    assert refusal(None, {"TDMAKER_MAX_BD": "1"}) == ("TDMAKER_MAX_BD: unknown setting; did you mean TDMAKER_MAX_BID?",)
    path = tmp_path / "typo.toml"
    path.write_text("ladder_rung = 2\n")
    assert refusal(path) == ("ladder_rung: unknown setting; did you mean ladder_rungs?",)


def test_the_variables_of_the_tests_are_no_settings() -> None:
    assert load(None, {"TDMAKER_FIXTURES": "/x", "TDMAKER_ENGINE": "y", "PATH": "z"}).venue == "sim"


def test_paper_and_live_together_are_refused() -> None:
    assert refusal(paper=True, live=True) == ("--paper and --live contradict; give one of them",)


def test_a_settings_file_that_is_missing_or_broken_is_named(tmp_path: Path) -> None:
    assert "no such settings file" in refusal(tmp_path / "none.toml")[0]
    broken = tmp_path / "broken.toml"
    broken.write_text("target_bid = = 1")
    assert "cannot be read as TOML" in refusal(broken)[0]


def test_a_time_gate_that_no_slot_reaches_is_a_warning() -> None:
    assert start_warnings(load(min_entry_minutes=6)) == ()
    (line,) = start_warnings(load(min_entry_minutes=6, slot_duration="both"))
    assert "is never reached in a slot of 5 minutes" in line


def test_passwords_are_neither_in_the_text_of_settings_nor_in_what_is_shown() -> None:
    settings = load(postgres_url="postgresql://me:hunter2@db/x", redis_url="redis://:hunter2@cache:6379/0")
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in " ".join(shown(settings).values())
    assert shown(settings)["postgres_url"] == "postgresql://(hidden)@db/x"
    assert "hunter2" not in " ".join(refusal(postgres_url="mysql://me:hunter2@db/x"))


def test_every_setting_has_a_help_text_and_every_time_says_which_time() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        if isinstance(field.default, float) and name != "speed":
            assert "domain" in field.description or "wall" in field.description, name


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().speed = 2.0  # pyright: ignore[reportAttributeAccessIssue]
