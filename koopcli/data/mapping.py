"""Which column of a table is what: as the user says, else by well-known names."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from koopcli.config.data import IngestConfig
from koopcli.data.names import ALIASES
from koopcli.data.table import Table
from koopcli.errors import DataError

OBSERVATIONS = (
    *ALIASES["observations"],
    *("observation.state", "state", "states", "x", "y"),
)
ACTIONS = (*ALIASES["actions"], "act", "acts", "u", "inputs", "input")
# Numbered columns, as NeuroMANCER (y0, u0) and AutoKoopman (x1, u1) write them.
OBSERVATION_FAMILIES = ("observation", "obs", "state", "x", "y", "s")
ACTION_FAMILIES = ("action", "act", "input", "u", "a")
ROLES = {
    "reward": ALIASES["rewards"],
    "terminal": (*ALIASES["terminals"], "done", "dones"),
    "timeout": ALIASES["timeouts"],
    "episode": (
        *("episode", "episodes", "episode_index", "episode_id", "exp_id"),
        *("traj_id", "trajectory", "id"),
    ),
    "time": ("time", "t", "timestamp", "times", "time_s"),
    "split": ("split",),
}
KNOWN = {
    *(*OBSERVATIONS, *ACTIONS, *ALIASES["next_observations"]),
    *(name for names in ROLES.values() for name in names),
}
"""Every name that has a meaning of its own."""


@dataclass(frozen=True)
class Mapping:
    """The columns of one table by their meaning."""

    observations: tuple[str, ...]
    actions: tuple[str, ...]
    next_observations: str | None
    reward: str | None
    terminal: str | None
    timeout: str | None
    episode: str | None
    time: str | None
    split: str | None

    def used(self) -> set[str]:
        """Return all columns that mean something."""
        single = [getattr(self, role) for role in (*ROLES, "next_observations")]
        return {*self.observations, *self.actions, *(name for name in single if name)}


def resolve(table: Table, config: IngestConfig) -> Mapping:
    """Find the columns that `config` names, or that have a well-known name.

    Raises:
        DataError: A named column is not there, or the observations cannot be told.
    """
    single: dict[str, str | None] = {}
    for role, aliases in ROLES.items():
        wanted = getattr(config, f"{role}_col")
        single[role] = (
            _first(table, aliases)
            if wanted is None
            else _find(table, wanted, f"--{role}-col", set())[0]
        )
    next_observations = _first(table, ALIASES["next_observations"])
    taken = {name for name in (*single.values(), next_observations) if name}
    # What is named plainly beats a pattern: `--obs-cols '*' --action-cols u`.
    plain = {name for name in config.action_cols if name in table.columns}
    observations = _columns(table, config.obs_cols, "--obs-cols", taken | plain)
    actions = _columns(table, config.action_cols, "--action-cols", taken)
    observations = observations or _known(
        table, OBSERVATIONS, OBSERVATION_FAMILIES, taken | set(actions)
    )
    if not config.action_cols:
        free = taken | set(observations)
        actions = _known(table, ACTIONS, ACTION_FAMILIES, free)
    if not observations and single["episode"] and single["time"]:
        # AutoKoopman: id, time, and then the states under any name.
        observations = tuple(n for n in table.columns if n not in {*taken, *actions})
    if not observations:
        raise DataError(
            f"{table.where}: which columns are observations? give --obs-cols (and "
            f"--action-cols); there are {_listed(table)}"
        )
    both = set(observations) & set(actions)
    if both:
        raise DataError(f"{table.where}: both observation and action: {sorted(both)}")
    found = Mapping(observations, actions, next_observations, **single)
    if not config.obs_cols:
        _check_guess(table, found)
    return found


def _check_guess(table: Table, found: Mapping) -> None:
    # Of x, y, theta, the x alone has a well-known name: that is no reason to take it.
    others = [
        name
        for name, values in table.columns.items()
        if name not in found.used()
        and values.dtype.kind in "fiu"
        and not name.isdecimal()
    ]
    [first, *more] = found.observations
    if others and not more and table.columns[first].ndim == 1:
        raise DataError(
            f"{table.where}: is {first!r} the only observation? there are "
            f"{', '.join(others[:20])} too; give --obs-cols"
        )


def required(config: IngestConfig) -> set[str]:
    """Return the names of which none may be left out: well-known ones and given ones."""
    given = [getattr(config, f"{role}_col") for role in ROLES]
    given += [*config.obs_cols, *config.action_cols]
    return KNOWN | {name for name in given if name}


def _columns(
    table: Table, patterns: tuple[str, ...], flag: str, taken: set[str]
) -> tuple[str, ...]:
    found: list[str] = []
    for pattern in patterns:
        found += _find(table, pattern, flag, {*taken, *found})
    return tuple(found)


def _find(table: Table, pattern: str, flag: str, taken: set[str]) -> list[str]:
    # A plain name, a number from 0, or a pattern; [ is no part of a pattern, since
    # columns are called obs[3].
    names = list(table.columns)
    if pattern in names:
        return [pattern]
    if pattern.isdecimal() and int(pattern) < len(names):
        return [names[int(pattern)]]
    wild = pattern.replace("[", "[[]")
    found = [n for n in names if fnmatchcase(n, wild) and n not in taken]
    if not found:
        raise DataError(
            f"{table.where}: {flag}: no column {pattern!r}; there are {_listed(table)}"
        )
    return found


def _first(table: Table, aliases: tuple[str, ...]) -> str | None:
    lower = {name.lower(): name for name in reversed(table.columns)}
    return next((lower[alias] for alias in aliases if alias in lower), None)


def _known(
    table: Table, aliases: tuple[str, ...], families: tuple[str, ...], taken: set[str]
) -> tuple[str, ...]:
    free = [name for name in table.columns if name not in taken]
    name = _first(Table(table.where, {n: table.columns[n] for n in free}), aliases)
    if name is not None:
        return (name,)
    for family in families:
        pattern = re.compile(rf"{family}[ _.\[(]?\d+[\])]?", re.IGNORECASE)
        found = tuple(name for name in free if pattern.fullmatch(name))
        if found:
            return found
    return ()


def _listed(table: Table) -> str:
    names = list(table.columns)
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return ", ".join(names[:20]) + more
