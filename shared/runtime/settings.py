"""Loads the settings from their sources, and says in one line each what is wrong with them."""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from shared.runtime.options import Settings, start_warnings

__all__ = ["ENV_PREFIX", "Settings", "SettingsError", "load_settings", "shown", "start_warnings"]

ENV_PREFIX = "TDMAKER_"
IN_A_FILE = "_file"
HIDDEN = "(hidden)"
ALIASES: Mapping[str, str] = MappingProxyType({"db_url": "postgres_url"})
MODE_FLAGS: Mapping[str, str] = MappingProxyType({"paper": "paper", "live": "live", "autopilot": "live"})
NOTHING: Mapping[str, object] = MappingProxyType({})
# Read by the tests and by whoever names the settings file; they may be set where a service runs.
FOREIGN_VARIABLES = frozenset({"engine", "fixtures", "config_file"})
PRODUCTION: Mapping[str, object] = MappingProxyType(
    {
        "min_move_pct": Decimal("0.20"),
        "min_entry_minutes": Decimal(10),
        "stoploss_peak": Decimal("0.75"),
        "stoploss_exit": Decimal("0.40"),
        "stoploss_fair_margin": Decimal("0.10"),
        "wallet": Decimal(0),
        "max_exposure": Decimal(0),
    }
)


class SettingsError(Exception):
    """Settings that cannot be used: `lines` has one line a fault, naming option, value, range and remedy."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class _Layer:
    """One source of settings; `spelled` is how an option is written there."""

    name: Literal["file", "environment", "option"]
    values: Mapping[str, object]

    def spelled(self, option: str) -> str:
        if self.name == "environment":
            return ENV_PREFIX + option.upper()
        return option if self.name == "file" else "--" + option.replace("_", "-")


def load_settings(
    toml_path: Path | None = None,
    overrides: Mapping[str, object] = NOTHING,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Defaults < profile < TOML file < environment < overrides.

    In the environment TDMAKER_RUN_ID_FILE names a file whose text is TDMAKER_RUN_ID, and so for every option; an empty
    name counts as not given. Overrides of None count as not given. Raises SettingsError for anything unknown, out of
    range or contradictory.
    """
    layers = (
        _layer("file", _read_toml(toml_path) if toml_path else {}),
        _layer("environment", _from_environment(os.environ if environ is None else environ)),
        _layer("option", {name: value for name, value in overrides.items() if value is not None}),
    )
    given = {name: value for layer in layers for name, value in layer.values.items()}
    beneath = PRODUCTION if given.get("profile") == "production" else NOTHING
    try:
        settings = Settings.model_validate({**beneath, **given})
    except ValidationError as error:
        raise SettingsError(*_lines(error, layers)) from None
    return settings


def shown(settings: Settings) -> dict[str, str]:
    """Every option as text for `config show`; passwords inside addresses are hidden."""
    return {name: _shown(value) for name, value in settings.model_dump().items()}


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if value is None:
        return ""
    return re.sub(r"(?<=://)[^/@]*@", f"{HIDDEN}@", str(value))


def _layer(name: Literal["file", "environment", "option"], values: Mapping[str, object]) -> _Layer:
    """Folds aliases and the mode flags, so that layers override one another under one name."""
    folded: dict[str, object] = {}
    for option, value in values.items():
        known = option.replace("-", "_").lower()
        if known in MODE_FLAGS:
            folded |= _mode_from_flag(known, value)
        elif known == "mode" and isinstance(value, str):
            folded["mode"] = MODE_FLAGS.get(value, value)
        else:
            folded[ALIASES.get(known, known)] = value
    layer = _Layer(name, folded)
    _refuse_contradicting_flags(values, layer)
    if unknown := [option for option in folded if option not in Settings.model_fields]:
        raise SettingsError(*(_unknown(option, layer) for option in unknown))
    return layer


def _mode_from_flag(flag: str, value: object) -> dict[str, object]:
    return {"mode": MODE_FLAGS[flag]} if str(value).lower() in {"1", "true", "yes", "on"} else {}


def _refuse_contradicting_flags(values: Mapping[str, object], layer: _Layer) -> None:
    asked = {mode["mode"] for flag in MODE_FLAGS if flag in values and (mode := _mode_from_flag(flag, values[flag]))}
    if len(asked) > 1:
        raise SettingsError(f"{layer.spelled('paper')} and {layer.spelled('live')} contradict; give one of them")


def _unknown(option: str, layer: _Layer) -> str:
    near = get_close_matches(option, Settings.model_fields, n=1)
    remedy = f"did you mean {layer.spelled(near[0])}?" if near else "`tdmaker config show` lists all settings"
    return f"{layer.spelled(option)}: unknown setting; {remedy}"


def _read_toml(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file, parse_float=Decimal)
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such settings file; create it or drop the option") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read as TOML ({error}); correct the file") from None


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    named = {name[len(ENV_PREFIX) :].lower(): text for name, text in environ.items() if name.startswith(ENV_PREFIX)}
    given = {option: text for option, text in named.items() if option not in FOREIGN_VARIABLES}
    in_files = {option: path for option, path in given.items() if _is_held_in_a_file(option)}
    texts = {option.removesuffix(IN_A_FILE): _text_of(option, path) for option, path in in_files.items() if path}
    return {**texts, **{option: text for option, text in given.items() if option not in in_files}}


def _is_held_in_a_file(option: str) -> bool:
    return option not in Settings.model_fields and option.removesuffix(IN_A_FILE) in Settings.model_fields


def _text_of(option: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise SettingsError(f"{ENV_PREFIX}{option.upper()}={path}: cannot be read ({reason}); correct it") from None


def _lines(error: ValidationError, layers: tuple[_Layer, ...]) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_context=True):
        option = str(fault["loc"][0]) if fault["loc"] else ""
        if option:
            yield _line(option, fault, layers)
        else:
            yield from fault["msg"].removeprefix("Value error, ").splitlines()


def _line(option: str, fault: ErrorDetails, layers: tuple[_Layer, ...]) -> str:
    field = Settings.model_fields[option]
    source = next((layer for layer in reversed(layers) if option in layer.values), None)
    value = _shown(source.values[option]) if source else ""
    where = source.spelled(option) if source else option
    return f"{where}={value}: {_allowed(field, fault)}; the default is {_shown(field.default) or 'none'}"


def _allowed(field: FieldInfo, fault: ErrorDetails) -> str:
    """The range in words; a message of our own validators already is one."""
    if fault["type"] == "value_error":
        return fault["msg"].removeprefix("Value error, ")
    if choices := _choices(field.annotation):
        return f"must be one of {', '.join(choices)}"
    bounds = {
        key: getattr(item, key) for item in field.metadata for key in ("ge", "gt", "le", "lt") if hasattr(item, key)
    }
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    if bounds:
        return "must be a number " + " and ".join(f"{words[key]} {bound}" for key, bound in bounds.items())
    pattern = fault.get("ctx", {}).get("pattern")
    return f"must match {pattern}" if pattern else fault["msg"]


def _choices(annotation: Any) -> tuple[str, ...]:
    if annotation is bool:
        return ("true", "false")
    return tuple(str(choice) for choice in get_args(annotation)) if get_origin(annotation) is Literal else ()
