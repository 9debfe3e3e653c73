"""Reads `vigie.toml` and `.env.operations` into Settings, all errors at once.

Each error names file and key, says what is wrong and gives an example.

Order: a flag, then `vigie.toml`, in which `${NAME}` comes from the process environment, then from `.env.operations`.
`.env.operations` is read without a shell; nothing in it is executed.
"""

from __future__ import annotations

import getpass
import os
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from operations.errors import SettingsError
from operations.secret_parts import secrets_of_named
from operations.settings import (
    BackupSettings,
    Contact,
    Environment,
    MessageTarget,
    Provider,
    Secret,
    Section,
    Settings,
    Site,
)
from operations.settings_checks import ENV_FILE, EXAMPLES, checks_of
from operations.text import one_line

Part = TypeVar("Part", Site, Provider, Contact, MessageTarget)
SETTINGS_FILE = "vigie.toml"
_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NOT_KEYS = {"path", "unanswered", "named"}


def find_settings(explicit: str | None = None, start: Path | None = None) -> Path | None:
    """The settings file to use: the one named, else beside the project (here or in a parent), else the user's own.

    A folder with only `.env.operations` counts: the path of that file is returned. None when nothing is found.
    """
    if explicit:
        return Path(explicit).expanduser().absolute()
    if named := os.environ.get("VIGIE_CONFIG"):
        return Path(named).expanduser().absolute()
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        for name in (SETTINGS_FILE, ENV_FILE):
            if (folder / name).is_file():
                return folder / name
    from platformdirs import user_config_path

    own = user_config_path("vigie") / SETTINGS_FILE
    return own if own.is_file() else None


def load_settings(path: Path | None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings file at `path` (None: nothing is configured, and everything is unknown but works).

    Raises SettingsError with every problem found.
    """
    environ = os.environ if environ is None else environ
    if path is None:
        return Settings(operator=_login())
    if path.exists() and not path.is_file():
        raise SettingsError((f"{path}: is no ordinary file. Name the settings file itself: --config FILE.",))
    if not path.is_file():
        raise SettingsError(
            (f"{path}: there is no such file. Make one with a [site] and an [environments.production] table.",)
        )
    env_file = path if path.name == ENV_FILE else path.parent / ENV_FILE
    named = read_env_file(env_file)
    if path.name == ENV_FILE:
        return _from_env_file(path, named, environ)
    return _read_toml(path, {**named, **environ}, named)


def _read_toml(path: Path, names: Mapping[str, str], named: Mapping[str, str]) -> Settings:
    problems: list[str] = []
    try:
        tree = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError((f"{path}: not valid TOML: {error}",)) from None
    except RecursionError:
        raise SettingsError((f"{path}: not valid TOML: its brackets are nested too deeply",)) from None
    except OSError as error:
        raise SettingsError((f"{path}: cannot be read: {error.strerror or error}",)) from None
    tree = _expand(tree, names, path, "", problems)
    reserved = [key for key in _NOT_KEYS if key in tree]
    problems += [f"{path}: {key}: unknown key" for key in reserved]
    settings = _section(Settings, {k: v for k, v in tree.items() if k not in _NOT_KEYS}, path, "", problems)
    if isinstance(settings, Settings):
        settings = _with_defaults(settings, path, named)
        problems += checks_of(settings, path)
    if problems or not isinstance(settings, Settings):
        raise SettingsError(tuple(problems))
    return settings


def _expand(value: Any, names: Mapping[str, str], path: Path, key: str, problems: list[str]) -> Any:
    if isinstance(value, str):
        for name in _NAME.findall(value):
            if name not in names:
                problems.append(
                    f"{path}: {key}: ${{{name}}} is neither in the environment nor in {ENV_FILE}. "
                    f"Example: {name}=value in {ENV_FILE}"
                )
        return _NAME.sub(lambda match: names.get(match[1], ""), value)
    if isinstance(value, dict):
        return {k: _expand(v, names, path, f"{key}.{k}" if key else k, problems) for k, v in value.items()}
    if isinstance(value, list):
        return [_expand(item, names, path, f"{key}[{i}]", problems) for i, item in enumerate(value)]
    return value


def _section(kind: type[Section], tree: Any, path: Path, prefix: str, problems: list[str]) -> Section | None:
    """Convert one table key by key, so that a wrong key does not hide the next one."""
    if not isinstance(tree, dict):
        problems.append(f"{path}: {prefix}: expected a table, found {_kind_of(tree)}. Example: [{prefix}]")
        return None
    hints, required = _hints(kind), _required(kind)
    good: dict[str, Any] = {}
    for name, value in tree.items():
        key = f"{prefix}.{name}" if prefix else name
        if name not in kind.__struct_fields__:
            known = [field for field in kind.__struct_fields__ if field not in _NOT_KEYS]
            near = _nearest(name, known)
            problems.append(
                f"{path}: {key}: unknown key; " + (f"did you mean {near}?" if near else f"there is {', '.join(known)}")
            )
            continue
        converted = _value(hints[name], value, path, key, problems)
        if converted is not None:
            good[name] = converted
    missing = [name for name in required if name not in tree]
    for name in missing:
        problems.append(f"{path}: {prefix}.{name}: is missing. Example: {EXAMPLES.get(name, name + ' = …')}")
    if missing or len(good) < len([n for n in tree if n in kind.__struct_fields__]):
        good = good if all(name in good for name in required) else {}
        if not good and required:
            return None
    return kind(**good)


@cache
def _hints(kind: type[Section]) -> Mapping[str, Any]:
    """Its keys' types. A settings file has many tables of few kinds."""
    return get_type_hints(kind)


@cache
def _required(kind: type[Section]) -> tuple[str, ...]:
    """The keys without a default."""
    return tuple(field.name for field in msgspec.structs.fields(kind) if field.required)


def _value(hint: Any, value: Any, path: Path, key: str, problems: list[str]) -> Any:
    arguments = get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Section):
        return _section(hint, value, path, key, problems)
    section = next((a for a in arguments if isinstance(a, type) and issubclass(a, Section)), None)
    if section and isinstance(value, list):
        made = [_section(section, item, path, f"{key}[{i}]", problems) for i, item in enumerate(value)]
        return tuple(item for item in made if item is not None)
    if section and isinstance(value, dict) and hint.__class__.__name__ == "GenericAlias" and hint.__origin__ is dict:
        tables = {name: _section(section, item, path, f"{key}.{name}", problems) for name, item in value.items()}
        return {name: item for name, item in tables.items() if item is not None}
    if section:
        return _section(section, value, path, key, problems)
    try:
        return msgspec.convert(value, hint, strict=True, dec_hook=_secret)
    except (msgspec.ValidationError, TypeError) as error:
        shown = "" if "Secret" in str(hint) else f", found {_kind_of(value)}"
        problems.append(f"{path}: {key}: {_expected(hint, error)}{shown}. Example: {_example(hint, key)}")
        return None


def _expected(hint: Any, error: Exception) -> str:
    """What would be right, in words; of a choice its words."""
    choice = [str(word) for word in get_args(hint) if word] if get_origin(hint) is Literal else []
    return f"expected one of {', '.join(choice)}" if choice else _plain(error)


def _example(hint: Any, key: str) -> str:
    name = key.rpartition(".")[2]
    if name in EXAMPLES:
        return EXAMPLES[name]
    origin = get_origin(hint)
    if origin is Literal:
        return f'{name} = "{next(word for word in get_args(hint) if word)}"'
    samples = {
        bool: "true",
        int: "5",
        float: "5.0",
        str: '"…"',
        Secret: '"${NAME}"',
        tuple: '["…"]',
        dict: '{ name = "…" }',
    }
    return f"{name} = {samples.get(origin or hint, '…')}"


def _secret(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError("expected text")


def _plain(error: Exception) -> str:
    words = str(error).split(" - at ")[0].partition(", got ")[0].replace("`", "").replace("Expected", "expected")
    for theirs, ours in (
        ("object", "table"),
        ("array", "a list"),
        ("str", "text"),
        ("float", "a number"),
        ("int", "a number"),
    ):
        words = words.replace(theirs, ours)
    return words


def _kind_of(value: Any) -> str:
    return {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "a table",
    }.get(type(value), "a date")


def _nearest(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, known, 1, 0.7)), "")


def _with_defaults(settings: Settings, path: Path, named: Mapping[str, str]) -> Settings:
    """Fill what `.env.operations` knows into environments that leave the bucket's keys out."""
    environments = {
        name: msgspec.structs.replace(env, backups=_bucket(env.backups, named))
        for name, env in settings.environments.items()
    }
    return msgspec.structs.replace(
        settings,
        path=str(path),
        named=_secrets_named(named),
        environments=environments,
        operator=one_line(settings.operator, 40) or _login(),
        site=_named(settings.site),
        providers=tuple(_named(provider) for provider in settings.providers),
        contacts=tuple(_named(contact) for contact in settings.contacts),
        messages=msgspec.structs.replace(
            settings.messages, targets=tuple(_named(target) for target in settings.messages.targets)
        ),
        readonly=settings.readonly,
    )


def _named(part: Part) -> Part:
    """The same with a name of one clean line: names stand in the middle of sentences, headers and phrases."""
    return msgspec.structs.replace(part, name=one_line(part.name, 60))


def _secrets_named(values: Mapping[str, str]) -> tuple[Secret, ...]:
    return tuple(Secret(part) for name, value in values.items() for part in secrets_of_named(name, value))


def _bucket(given: BackupSettings, named: Mapping[str, str]) -> BackupSettings:
    return msgspec.structs.replace(
        given,
        bucket=given.bucket or named.get("S3_BUCKET", ""),
        region=given.region or named.get("AWS_REGION", ""),
        endpoint=given.endpoint or named.get("AWS_ENDPOINT_URL_S3", ""),
        access_key=given.access_key or Secret(named.get("AWS_ACCESS_KEY_ID", "")),
        secret_key=given.secret_key or Secret(named.get("AWS_SECRET_ACCESS_KEY", "")),
    )


def _from_env_file(path: Path, named: Mapping[str, str], environ: Mapping[str, str]) -> Settings:
    """The manuals' `.env.operations` alone. Which environment APP_URL and DB_URL stand for is asked once and kept."""
    known = {**named, **{k: v for k, v in environ.items() if k in named}}
    answer = stored_answer(path)
    bucket = _bucket(BackupSettings(), known)
    environments: dict[str, Environment] = {}
    if answer:
        environments[answer] = Environment(
            kind=answer if answer in ("production", "staging") else "other",  # type: ignore[arg-type]
            url=known.get("APP_URL", ""),
            database=Secret(known.get("DB_URL", "")),
            supabase_url=known.get("SUPABASE_URL", ""),
            supabase_anon_key=Secret(known.get("SUPABASE_ANON_KEY", "")),
            backups=bucket,
        )
    if known.get("TARGET_DB_URL") and "staging" not in environments:
        environments["staging"] = Environment(kind="staging", database=Secret(known["TARGET_DB_URL"]), backups=bucket)
    name = known.get("S3_BUCKET", "").removesuffix("-backups") or path.parent.name
    return Settings(
        site=Site(name=name),
        environments=environments,
        named=_secrets_named(known),
        path=str(path),
        operator=_login(),
        unanswered=not answer,
    )


def stored_answer(env_file: Path) -> str:
    """What a person said this `.env.operations` stands for, or empty."""
    kept = _answer_file(env_file)
    return kept.read_text("utf-8").strip() if kept.is_file() else ""


def store_answer(env_file: Path, environment: str) -> None:
    """Keep what this `.env.operations` stands for, beside it, so that the whole team gives one answer."""
    _answer_file(env_file).write_text(environment + "\n", "utf-8")


def _answer_file(env_file: Path) -> Path:
    return env_file.with_name(".env.operations.environment")


def read_env_file(path: Path) -> dict[str, str]:
    """Names and values of a `.env.operations`; none where there is no such file. Raises SettingsError."""
    if not path.is_file():
        return {}
    from io import StringIO

    from dotenv import dotenv_values

    try:
        # Byte by byte where it is no UTF-8: what cannot be read must not hide the lines that can.
        text = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise SettingsError((f"{path}: cannot be read: {error.strerror or error}",)) from None
    values = dotenv_values(stream=StringIO(text), interpolate=False)
    damaged = [name for name, value in values.items() if not (name + (value or "")).isprintable()]
    if damaged:
        raise SettingsError(tuple(f"{path}: {one_line(name, 60)}: is not UTF-8 text" for name in damaged))
    return {name: value for name, value in values.items() if value}


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())
