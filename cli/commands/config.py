"""`config show`: the settings as every process would get them."""

import typer

from cli.output import AsJson, print_json, say_to_stdout
from cli.setting_options import ConfigFile, Given, settings_from, with_setting_options
from shared.runtime.settings import shown, start_warnings

config = typer.Typer(help="Show the settings.", no_args_is_help=True)


@config.command("show")
@with_setting_options
def show(*, given: Given, as_json: AsJson = False, config_file: ConfigFile = None) -> None:
    """Show every setting after file, environment and options were applied; secrets stay hidden."""
    settings = settings_from(config_file, given)
    if as_json:
        print_json(shown(settings))
        return
    for name, text in shown(settings).items():
        say_to_stdout(f"{name} = {text}")
    for warning in start_warnings(settings):
        say_to_stdout(f"# {warning}")
