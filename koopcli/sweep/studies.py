"""Where the trials of a sweep are kept, and whether they are those of this sweep."""

import json
import re
import time
import uuid
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial
from sqlalchemy.exc import SQLAlchemyError

from koopcli import files
from koopcli.config.sweep import SweepConfig
from koopcli.errors import ConfigError
from koopcli.sweep import ledger, locks

SCHEMA = "koopcli.sweep-study/1"
MARK = "study.json"
DATABASE = "study.db"
JOURNAL = "journal:"
ATTRIBUTE = "koopcli"
HEARTBEAT, GRACE = 30, 300
"""Seconds between two signs of life of a trial, and without any until it is lost."""
BUSY = 60.0
"""Seconds to wait for another process that writes the SQLite file."""
NAMES = {
    "dataset_sha256": "the dataset with hash",
    "space": "--param",
    "seeds": "--seeds",
    "settings": "the settings",
}
"""What the processes on one study must agree on, and its name."""
_ABSENT = object()
PASSWORD = re.compile(r"(://[^:/@\s]*):[^@/\s]*@")


@dataclass(frozen=True)
class Opened:
    """A study that belongs to the sweep.

    Attributes:
        study: The study, with sampler and pruner.
        storage: Where it is kept.
        where: The same in words, without a password.
    """

    study: optuna.Study
    storage: BaseStorage
    where: str

    def close(self) -> None:
        """Let go of the database."""
        if isinstance(self.storage, RDBStorage):
            self.storage.remove_session()
            self.storage.engine.dispose()


def shown(text: str) -> str:
    """Return a text, perhaps with database URLs, without their passwords."""
    return PASSWORD.sub(r"\1:***@", text)


def opened(
    request: SweepConfig,
    folder: Path,
    identity: Mapping[str, Any],
    make: Callable[[], tuple[Any, Any]],
) -> Opened:
    """Open or make the study of a sweep and claim its folder.

    Args:
        request: What was asked for.
        folder: The folder of the sweep.
        identity: What all processes must agree on; see `koopcli.sweep.plan.Plan`.
        make: Makes the sampler and the pruner.

    Raises:
        ConfigError: The folder, the study or its storage are not this sweep's.
    """
    _refuse(folder)
    where = place(request, folder)
    folder.mkdir(parents=True, exist_ok=True)
    with locks.turn(folder / ".study.lock"):
        storage = _connect(where)
        sampler, pruner = make()
        study = optuna.create_study(
            study_name=request.study, storage=storage, sampler=sampler, pruner=pruner,
            direction="minimize", load_if_exists=True,
        )  # fmt: skip
        known = _claim(study, identity, shown(where), alone=request.storage is None)
        _mark(
            folder, {"id": known["id"], "study": request.study, "storage": shown(where)}
        )
    return Opened(study, storage, shown(where))


def place(request: SweepConfig, folder: Path) -> str:
    """Return the storage of a sweep: as asked for, or a file in its folder.

    Raises:
        ConfigError: A URL cannot say where the folder is.
    """
    if request.storage is not None:
        return request.storage
    path = str((folder / DATABASE).resolve())
    if set(path) & set("?%{}"):
        raise ConfigError(
            f"{folder}: a path with ?, % or braces has no place in the URL of a database; "
            f"choose another --output, or --storage {JOURNAL}FILE"
        )
    return f"sqlite:///{path}"


def _refuse(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: is a file; --output takes a folder")
    ours = {MARK, DATABASE, ".study.lock"}
    if folder.is_dir():
        names = {path.name for path in folder.iterdir()}
        if names and not names & ours:
            raise ConfigError(
                f"{folder}: is neither empty nor the folder of a sweep; choose another "
                "--output"
            )


def _connect(where: str) -> BaseStorage:
    for attempt in (1, 2, 3):
        try:
            return _storage(where)
        except (SQLAlchemyError, optuna.exceptions.OptunaError) as error:
            # Two processes that make the tables at once: one of them is too late.
            if attempt == 3:
                raise _unusable(where, error) from error
            time.sleep(0.5)
        except (ImportError, OSError, RuntimeError, ValueError, KeyError) as error:
            raise _unusable(where, error) from error
    raise AssertionError


def _unusable(where: str, error: Exception) -> ConfigError:
    why = next(iter(shown(str(error)).splitlines()), type(error).__name__)
    return ConfigError(
        f"--storage {shown(where)}: cannot be used ({why}); give a database URL such as "
        f"postgresql://user@host/name, or {JOURNAL}FILE"
    )


def _storage(where: str) -> BaseStorage:
    if where.startswith(JOURNAL):
        path = Path(where.removeprefix(JOURNAL))
        if not path.name or path.is_dir():
            raise OSError("no file")
        path.parent.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(str(path)))
    local = where.startswith("sqlite")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return RDBStorage(
            where,
            engine_kwargs={"connect_args": {"timeout": BUSY}} if local else None,
            heartbeat_interval=HEARTBEAT,
            grace_period=GRACE,
            heartbeat_stale_trial_callback=_lost,
        )


def _lost(study: optuna.Study, trial: FrozenTrial) -> None:
    ledger.again(study, trial, lost=True)


def _claim(
    study: optuna.Study, identity: Mapping[str, Any], where: str, *, alone: bool
) -> dict[str, Any]:
    known = study.user_attrs.get(ATTRIBUTE)
    if known is None:
        if study.get_trials(deepcopy=False):
            raise ConfigError(
                f"{where}: study {study.study_name!r} holds trials that are not of "
                "koopcli sweep; choose another --study"
            )
        study.set_user_attr(ATTRIBUTE, {**identity, "id": uuid.uuid4().hex})
        if not alone:
            time.sleep(0.5)  # another machine may have done so at the same time
        known = study.user_attrs[ATTRIBUTE]
    for name, words in NAMES.items():
        if known[name] != identity[name]:
            before, now = _apart(known[name], identity[name])
            raise ConfigError(
                f"{where}: study {study.study_name!r} was made with {words} {before}, "
                f"now asked for {now}; choose another --output or --study"
            )
    return known


def _mark(folder: Path, mark: dict[str, Any]) -> None:
    # The folders of trials are called by their numbers: of one study only.
    path = folder / MARK
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        same = stored["id"] == mark["id"]
    except FileNotFoundError:
        files.write_text(path, json.dumps({"schema": SCHEMA, **mark}, indent=1) + "\n")
        return
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({error}); choose another --output"
        ) from error
    if not same:
        raise ConfigError(
            f"{folder}: holds trials of study {stored.get('study')!r} in "
            f"{stored.get('storage')}, now asked for {mark['study']!r} in "
            f"{mark['storage']}; choose another --output"
        )


def _apart(before: Any, now: Any) -> tuple[str, str]:
    if isinstance(before, dict) and isinstance(now, dict):
        both = [name for name in before if before[name] == now.get(name, _ABSENT)]
        return _settings(before, both), _settings(now, both)
    if isinstance(before, list):
        return ", ".join(map(str, before)), ", ".join(map(str, now))
    return str(before), str(now)


def _settings(values: dict[str, Any], without: list[str]) -> str:
    left = [f"{name}={value}" for name, value in values.items() if name not in without]
    return ", ".join(left) or "none"
