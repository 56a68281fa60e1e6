"""Settings of a server: one file, `settings.toml`, each number also by environment.

Only `ui` and the command read them; what computes asks `attnviz.runtime.limits`.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard

from attnviz.errors import SettingsError
from attnviz.runtime.limits import ProcessLimits

PREFIX = "ATTNVIZ_"
FILE = "SETTINGS"  # after the prefix: names another file
_DEFAULTS = Path(__file__).with_name("settings.toml")
# Below these a server serves nobody; every other number may be 0.
_LEAST = {"characters": 1, "tokens": 3} | dict.fromkeys(
    ("passes_at_once", "passes_of_one", "trainings_at_once"), 1
)
_NO_HOST = re.compile(r".*[/@\s].*|[^:]*:[^:]*")  # an address of a page, or a name with a port
_YES, _NO = ("1", "true", "yes"), ("0", "false", "no", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutModel:
    """What a server says of a model in its menu."""

    languages: tuple[str, ...] = ()  # codes; "mul": many
    size: str = ""
    says: str = ""  # a line
    says_zh: str = ""  # the same in Chinese; "": in English


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ProcessLimits):
    """The settings of this server. What each means is said in `settings.toml`."""

    public: bool
    allowed_models: tuple[str, ...]
    fetch_at_start: bool
    about_models: Mapping[str, AboutModel]
    hosts: tuple[str, ...]


@cache
def settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        SettingsError: if the file or the environment holds something that is no setting.
    """
    return read_settings(os.environ)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from the file that `environment` names, else ours, with what it sets itself.

    Raises:
        SettingsError: if the file or the environment holds something that is no setting.
    """
    values = _file(_DEFAULTS)
    if named := environment.get(PREFIX + FILE):
        values |= _file(Path(named))
    known = {field.name: field.type for field in fields(Settings)}
    if strange := sorted(set(values) - set(known)):
        raise SettingsError("unknown_setting", name=strange[0])
    for name in known:
        if (text := environment.get(PREFIX + name.upper())) is not None:
            values[name] = _from_text(name, known[name], text)
    return Settings(**{name: _checked(name, known[name], values[name]) for name in known})


def _file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise SettingsError("settings_unreadable", file=file.name) from problem


def _from_text(name: str, kind: Any, text: str) -> object:
    if kind is bool:
        if text.lower() not in (*_YES, *_NO):
            raise SettingsError("bad_setting", name=name, value=text)
        return text.lower() in _YES
    if kind is int:
        if not (text.isascii() and text.isdigit()):
            raise SettingsError("bad_setting", name=name, value=text)
        return int(text)
    return [part.strip() for part in text.split(",") if part.strip()]


def _checked(name: str, kind: Any, value: object) -> Any:
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int and _is_whole(value) and value >= _LEAST.get(name, 0):
        return value
    if kind == Mapping[str, AboutModel] and isinstance(value, dict):
        return {model: _about(f"{name}.{model}", said) for model, said in value.items()}
    if kind == tuple[str, ...] and _are_texts(value) and not (name == "hosts" and _strange(value)):
        return tuple(value)
    raise SettingsError("bad_setting", name=name, value=value)


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _strange(hosts: list[str]) -> bool:
    """Whether one of these is no host's name."""
    return any(_NO_HOST.fullmatch(name) for name in hosts)


def _about(name: str, said: object) -> AboutModel:
    """What is said of one model, if it is of the kinds that can be said."""
    known = {field.name: field.type for field in fields(AboutModel)}
    if not isinstance(said, dict) or not set(said) <= set(known):
        raise SettingsError("bad_setting", name=name, value=said)
    for what, value in said.items():
        if not (_are_texts(value) if known[what] == tuple[str, ...] else isinstance(value, str)):
            raise SettingsError("bad_setting", name=f"{name}.{what}", value=value)
    values: dict[str, Any] = {name: tuple(v) if _are_texts(v) else v for name, v in said.items()}
    return AboutModel(**values)


def _are_texts(value: Any) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)
