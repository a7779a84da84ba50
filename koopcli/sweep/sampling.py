"""How trials choose their settings, so that a sweep can be repeated.

Each trial gets random numbers of its own, by the seed of the sweep and the number of
trials before it. A sweep that is stopped and goes on chooses as one that was not, and two
processes on one study never draw the same.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from koopcli.config.choices import Pruner, Sampler
from koopcli.config.training import TrainConfig
from koopcli.sweep import ledger
from koopcli.sweep.space import Parameter, Value

WARM_UP = 0.25
"""Share of its steps that every trial may take before it is compared with the median."""
Grid = Sequence[Mapping[str, Value]]


class Repeatable(BaseSampler):
    """Asks a sampler that is made anew for every trial."""

    def __init__(self, kind: Sampler, seed: int, grid: Grid | None = None):
        """Choose by `kind`; `grid` holds all combinations in turn, where that is one."""
        self._kind, self._seed, self._grid = kind, seed, grid
        self._inner: BaseSampler = RandomSampler(seed)
        self._rank = 0

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Begin a trial."""
        self._rank = ledger.rank(study, trial.number)
        words = np.random.SeedSequence([self._seed, self._rank]).generate_state(1)
        make = TPESampler if self._kind is Sampler.TPE else RandomSampler
        self._inner = make(seed=int(words[0]))

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the settings that are chosen together."""
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        search_space: dict[str, BaseDistribution],
    ) -> dict[str, Any]:
        """Choose these."""
        return self._inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Choose one setting."""
        if self._grid is not None:
            return self._grid[self._rank][param_name]
        return self._inner.sample_independent(
            study, trial, param_name, param_distribution
        )

    def after_trial(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """End a trial."""
        self._inner.after_trial(study, trial, state, values)


def suggest(trial: optuna.Trial, parameter: Parameter) -> Value:
    """Let a trial choose a value of one setting."""
    name = parameter.name
    if parameter.choices:
        return trial.suggest_categorical(name, parameter.choices)
    low, high, step, log = (
        parameter.low,
        parameter.high,
        parameter.step,
        parameter.log,
    )
    if parameter.whole:
        return trial.suggest_int(
            name, int(low), int(high), step=int(step or 1), log=log
        )
    return trial.suggest_float(name, low, high, step=step, log=log)


def pruner(kind: Pruner, train: TrainConfig) -> optuna.pruners.BasePruner:
    """Return what decides which trials of runs like `train` stop early."""
    if kind is Pruner.NONE:
        return optuna.pruners.NopPruner()
    if kind is Pruner.MEDIAN:
        # The first steps say more of the step size than of the end.
        return optuna.pruners.MedianPruner(n_warmup_steps=round(WARM_UP * train.steps))
    return optuna.pruners.SuccessiveHalvingPruner(min_resource=train.eval_every)
