"""Command-line options made from the settings model, so that none is written twice."""

import inspect
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from shared.runtime.settings import Settings, load_settings

Given = Mapping[str, object]
Command = Callable[..., None]
PANEL = "Settings (each also TDMAKER_... in the environment and in the settings file)"
FLAGS = {
    "paper": "Simulate fills, sign nothing (the default)",
    "live": "Really place orders",
    "autopilot": "Same as --live",
}
OF_ONE_PROCESS = frozenset({"http_host", "http_port", "clock"})

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config-file", envvar="TDMAKER_CONFIG_FILE", metavar="FILE", help="Settings file (TOML)"),
]


def with_setting_options(command: Command) -> Command:
    """Gives the command an option for every setting; it receives those that were given as `given`."""
    options = _options()

    def run(**values: Any) -> None:
        given = {name: value for name in options if (value := values.pop(name)) is not None}
        command(given=given, **values)

    own = [
        parameter for name, parameter in inspect.signature(command, eval_str=True).parameters.items() if name != "given"
    ]
    keywords = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    signature = inspect.Signature([*keywords, *options.values()])
    run.__dict__["__signature__"] = signature
    run.__annotations__ = {name: parameter.annotation for name, parameter in signature.parameters.items()}
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    return run


def settings_from(config_file: Path | None, given: Given) -> Settings:
    """Raises SettingsError."""
    return load_settings(config_file, given, setting_variables())


def setting_variables() -> dict[str, str]:
    """The environment without the one variable that is the launcher's."""
    return {name: value for name, value in os.environ.items() if name != "TDMAKER_VENV"}


def _options() -> dict[str, inspect.Parameter]:
    fields = {name: field for name, field in Settings.model_fields.items() if name not in OF_ONE_PROCESS}
    flags = {name: _parameter(name, bool | None, _flag(name, text)) for name, text in FLAGS.items()}
    return {name: _option(name, field) for name, field in fields.items()} | flags


def _option(name: str, field: FieldInfo) -> inspect.Parameter:
    spelled = "--" + name.replace("_", "-")
    text = f"{field.description} [default: {_shown(field.default)}]"
    if field.annotation is bool:
        both = f"{spelled}/--no-{spelled[2:]}"
        return _parameter(name, bool | None, typer.Option(both, help=text, rich_help_panel=PANEL))
    option = typer.Option(spelled, help=text, metavar=_metavar(field), rich_help_panel=PANEL)
    return _parameter(name, str | None, option)


def _flag(name: str, text: str) -> Any:
    return typer.Option(f"--{name}", help=text, rich_help_panel=PANEL)


def _parameter(name: str, annotation: Any, option: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=None, annotation=Annotated[annotation, option])


def _metavar(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return "|".join(str(choice) for choice in get_args(field.annotation))
    return "NUMBER" if field.annotation in {int, float} else "VALUE"


def _shown(default: object) -> str:
    if isinstance(default, tuple):
        return ",".join(str(item) for item in default) or "none"  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return "none" if default in {None, ""} else str(default)
