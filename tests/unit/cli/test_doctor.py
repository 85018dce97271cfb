"""What the doctor finds, and what it says to do."""

import socket
from pathlib import Path

from cli.doctor.checks import Finding, examine
from cli.home import Home
from cli.wallet import make_key
from shared.runtime.settings import load_settings


async def findings(home: Path, **given: object) -> dict[str, Finding]:
    settings = load_settings(None, given, {})
    return {finding.check: finding for finding in await examine(settings, Home.at(home))}


async def test_a_machine_that_is_fit_gets_no_remedy(tmp_path: Path) -> None:
    found = await findings(tmp_path / "home")
    assert [finding for finding in found.values() if not finding.ok or finding.remedy] == []
    assert {"python", "binary", "disk", "home", "control port"} <= found.keys()


async def test_each_fault_comes_with_what_to_do(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    home.make()
    (home.secrets / "open").write_text("secret")
    (tmp_path / "key").write_text("no key")
    (tmp_path / "key").chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = await findings(
            home.path,
            control_port=taken.getsockname()[1],
            private_key_file=tmp_path / "key",
            api_credentials_file=tmp_path / "nowhere",
            redis_url="redis://127.0.0.1:1/0",
            sim_url="http://127.0.0.1:1",
        )
    wrong = {"home", "control port", "private_key_file", "api_credentials_file", "redis_url", "venue"}
    assert {finding.check for finding in found.values() if not finding.ok} == wrong
    assert all(found[check].remedy and "\n" not in found[check].remedy for check in wrong)


async def test_live_at_polymarket_misses_its_files(tmp_path: Path) -> None:
    found = await findings(tmp_path / "home", venue="polymarket", mode="live", clob_url="http://127.0.0.1:1")
    assert "--private-key-file" in found["private_key_file"].remedy
    assert "--api-credentials-file" in found["api_credentials_file"].remedy
    assert "relayer_key_file" not in found


async def test_a_deposit_wallet_misses_its_relayer_key(tmp_path: Path) -> None:
    live = {"venue": "polymarket", "mode": "live", "clob_url": "http://127.0.0.1:1", "signature_type": 3}
    found = await findings(tmp_path / "home", **live)
    assert "--relayer-key-file" in found["relayer_key_file"].remedy
    assert "relayer_key_file" not in await findings(tmp_path / "home", auto_redeem=False, **live)
    (tmp_path / "relayer").write_text("{}")
    assert not (await findings(tmp_path / "home", relayer_key_file=tmp_path / "relayer", **live))["relayer_key_file"].ok


async def test_a_key_is_known_by_its_address_alone(tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    found = await findings(tmp_path / "home", private_key_file=tmp_path / "key")
    assert found["private_key_file"].ok
    assert (tmp_path / "key").read_text().removeprefix("0x") not in found["private_key_file"].found
