"""`doctor`: what is wrong with this machine or this setup, and what to do."""

import asyncio
from collections.abc import Sequence

import typer

from cli.doctor.checks import Finding, examine
from cli.errors import EXIT_FAILED
from cli.home import Home
from cli.output import AsJson, print_json, print_rows
from cli.setting_options import ConfigFile, Given, settings_from, with_setting_options


@with_setting_options
def doctor(*, given: Given, as_json: AsJson = False, config_file: ConfigFile = None) -> None:
    """Check Python, binaries, disk, ports, servers, credentials and clock; say what is wrong and what to do.

    Exits 0 when nothing is wrong, 1 otherwise.
    """
    settings = settings_from(config_file, given)
    findings = asyncio.run(examine(settings, Home.at(settings.home)))
    _show(findings, as_json=as_json)
    if any(not finding.ok for finding in findings):
        raise typer.Exit(EXIT_FAILED)


def _show(findings: Sequence[Finding], *, as_json: bool) -> None:
    rows = [
        {"check": finding.check, "ok": finding.ok, "found": finding.found, "remedy": finding.remedy}
        for finding in findings
    ]
    if as_json:
        print_json({"ok": all(finding.ok for finding in findings), "checks": rows})
        return
    shown = [{**row, "ok": "ok" if row["ok"] else "WRONG"} for row in rows]
    print_rows(shown, ("check", "ok", "found", "remedy"), "nothing was checked")
