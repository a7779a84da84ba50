"""Settings of `koopcli ingest` and `koopcli split`."""

from dataclasses import dataclass

from koopcli.config.checks import above, at_least, fraction
from koopcli.config.choices import ActionAlign, TimeUnit
from koopcli.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class IngestConfig:
    """How foreign trajectories become a dataset file."""

    format: str = "auto"
    """Name of a reader, or `auto` to detect it."""
    dt: float | None = None
    """Seconds between two observations; unset: from the source if it knows, else 1."""
    val_fraction: float = 0.1
    """Share of the episodes for validation."""
    test_fraction: float = 0.1
    """Share of the episodes for the final test."""
    seed: int = 0
    """Seed of the split."""
    min_length: int = 1
    """Drop (and count) episodes with fewer steps than this."""
    max_episode_steps: int | None = None
    """Time limit of the environment, for files that do not mark time-outs."""
    obs_keys: tuple[str, ...] = ()
    """Observations to use, where a format has several by name; unset: all vectors."""
    obs_cols: tuple[str, ...] = ()
    """Observation columns of a table: names, patterns (y*) or numbers from 0."""
    action_cols: tuple[str, ...] = ()
    """Action columns of a table, given likewise."""
    reward_col: str | None = None
    """Reward column of a table."""
    terminal_col: str | None = None
    """Column of a table that is true where the system ended by itself."""
    timeout_col: str | None = None
    """Column of a table that is true where only the recording ended."""
    episode_col: str | None = None
    """Column of a table that tells episodes apart."""
    time_col: str | None = None
    """Time column of a table."""
    time_unit: TimeUnit | None = None
    """Unit of the time column; unset: from its name (t_ms), else seconds."""
    split_col: str | None = None
    """Column of a table that says train, val or test."""
    train_rows: tuple[str, ...] = ()
    """Rows first:stop of a table for training, from 0; each range is one episode."""
    val_rows: tuple[str, ...] = ()
    """Rows for validation, given likewise."""
    test_rows: tuple[str, ...] = ()
    """Rows for the final test, given likewise."""
    action_align: ActionAlign = ActionAlign.LEAD
    """lead: a row's action leads from its observation; lag: it led to it."""
    resample: float | None = None
    """Seconds between two observations to interpolate a table to; unset: refuse uneven."""
    subsample: int = 1
    """Keep every so many observations; rewards in between are added up."""
    delay_embed: int = 1
    """Join so many observations, and the actions between them, into one."""
    delay_lag: int = 1
    """Steps between two observations that delay_embed joins."""
    episodes: str | None = None
    """Episodes to keep, by number from 0, such as 0,4,10:20; unset: all."""
    max_episodes: int | None = None
    """Keep no more episodes than this."""
    min_return: float | None = None
    """Drop (and count) episodes with a smaller sum of rewards."""
    max_return: float | None = None
    """Drop (and count) episodes with a larger sum of rewards."""
    drop_terminated: bool = False
    """Drop (and count) episodes that ended by themselves, not by a time limit."""

    def __post_init__(self) -> None:
        for name in ("dt", "resample"):
            value = getattr(self, name)
            if value is not None:
                above("ingest", 0, **{name: value})
                if value == float("inf"):
                    raise ConfigError(f"ingest.{name} must be finite")
        if self.dt is not None and self.resample is not None:
            raise ConfigError("ingest.dt and ingest.resample exclude each other")
        at_least(
            "ingest",
            1,
            subsample=self.subsample,
            delay_embed=self.delay_embed,
            delay_lag=self.delay_lag,
        )
        if self.delay_lag > 1 and self.delay_embed == 1:
            raise ConfigError(
                "ingest.delay_lag means nothing without ingest.delay_embed of 2 or more"
            )
        if self.max_episodes is not None:
            at_least("ingest", 1, max_episodes=self.max_episodes)
        at_least("ingest", 0, seed=self.seed)
        fraction(
            "ingest", val_fraction=self.val_fraction, test_fraction=self.test_fraction
        )
        if self.val_fraction + self.test_fraction >= 1:
            raise ConfigError(
                "ingest.val_fraction + ingest.test_fraction must stay below 1: "
                "some episodes must remain for training"
            )
        at_least("ingest", 1, min_length=self.min_length)
        if self.max_episode_steps is not None:
            at_least("ingest", 1, max_episode_steps=self.max_episode_steps)


@dataclass(frozen=True, kw_only=True)
class SplitConfig:
    """How the episodes of a dataset file are split anew."""

    val_fraction: float = 0.1
    """Share of the episodes for validation."""
    test_fraction: float = 0.1
    """Share of the episodes for the final test; means nothing with kfold."""
    seed: int = 0
    """Seed of the split."""
    by_source: bool = False
    """Whether all episodes of a source file stay together; shares are shares of files."""
    kfold: int | None = None
    """Number of folds; unset: shares."""
    fold: int | None = None
    """The fold, from 0, that becomes the test split."""

    def __post_init__(self) -> None:
        at_least("split", 0, seed=self.seed)
        fraction(
            "split", val_fraction=self.val_fraction, test_fraction=self.test_fraction
        )
        if self.val_fraction + self.test_fraction >= 1:
            raise ConfigError(
                "split.val_fraction + split.test_fraction must stay below 1: "
                "some episodes must remain for training"
            )
        if (self.kfold is None) != (self.fold is None):
            raise ConfigError("split.kfold and split.fold go together")
        if self.kfold is not None and self.fold is not None:
            at_least("split", 2, kfold=self.kfold)
            if not 0 <= self.fold < self.kfold:
                raise ConfigError(
                    f"split.fold must lie in 0 to {self.kfold - 1}, got {self.fold}"
                )
