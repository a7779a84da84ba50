"""What a study has found: its trials, the best of them first."""

import statistics
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import optuna
from optuna.trial import FrozenTrial

from koopcli import config_file
from koopcli.sweep import ledger
from koopcli.sweep.plan import Plan

ORDER = ("finished", "pruned", "running", "waiting", "diverged", "refused", "failed")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial.

    Attributes:
        number: Its number.
        status: One of `ORDER`.
        error: Mean over the seeds of the best validation NRMSE; None if not finished.
        last_error: Validation NRMSE with the first seed when last heard of.
        settings: What it chose, by dotted name.
        seeds: What each finished seed ended with.
        seconds: Of work on it; None while it runs.
        message: Why it failed.
    """

    number: int
    status: str
    error: float | None
    last_error: float | None
    settings: dict[str, Any]
    seeds: tuple[dict[str, Any], ...]
    seconds: float | None
    message: str = ""

    @property
    def deviation(self) -> float | None:
        """Sample standard deviation of the error over seeds; None with less than two."""
        errors = [seed["error"] for seed in self.seeds if seed["error"] is not None]
        return statistics.stdev(errors) if len(errors) > 1 else None

    def document(self) -> dict[str, Any]:
        """Return the fields as JSON types."""
        fields = asdict(self)
        return {"trial": fields.pop("number"), **fields, "deviation": self.deviation}


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A sweep as it stands.

    Attributes:
        study: Name of the study.
        storage: Where it is kept, without a password.
        request: What was asked for, as JSON types.
        plan: The checked request.
        trials: All that count, the best first.
    """

    study: str
    storage: str
    request: dict[str, Any]
    plan: Plan
    trials: tuple[Trial, ...]

    @property
    def best(self) -> Trial | None:
        """The finished trial with the smallest error."""
        first = self.trials[0] if self.trials else None
        return first if first is not None and first.error is not None else None

    @property
    def best_config(self) -> str | None:
        """TOML that trains the best trial again, first seed; None if none has finished."""
        return None if self.best is None else _toml(self.best, self.plan)

    def count(self, *status: str) -> int:
        """Return how many trials stand so."""
        return sum(trial.status in status for trial in self.trials)

    @property
    def counts(self) -> dict[str, int]:
        """How many trials stand how."""
        found = Counter(trial.status for trial in self.trials)
        return {status: found[status] for status in ORDER if found[status]}


def build(
    study: optuna.Study, plan: Plan, request: dict[str, Any], where: str
) -> Sweep:
    """Collect the trials of a study."""
    trials = sorted(map(_trial, ledger.counted(study)), key=_order)
    return Sweep(
        study=study.study_name,
        storage=where,
        request=request,
        plan=plan,
        trials=tuple(trials),
    )


def _trial(found: FrozenTrial) -> Trial:
    seeds = [
        value for name, value in found.user_attrs.items() if name.startswith("seed ")
    ]
    status = ledger.status(found)
    steps = found.intermediate_values
    outcome: dict[str, Any] = found.user_attrs.get(ledger.OUTCOME, {})
    return Trial(
        number=ledger.slot(found),
        status=status,
        error=found.value if status == "finished" else None,
        last_error=steps[max(steps)] if steps else None,
        settings=dict(found.params),
        seeds=tuple(sorted(seeds, key=lambda seed: seed["seed"])),
        seconds=found.user_attrs.get(ledger.SECONDS),
        message=str(outcome.get("message", "")),
    )


def _order(trial: Trial) -> tuple[int, float, int]:
    # Failed ones have no error; NaN would make any order.
    error = trial.error if trial.error is not None else trial.last_error
    known = error if error is not None and error == error else float("inf")
    return ORDER.index(trial.status), known, trial.number


def _toml(best: Trial, plan: Plan) -> str:
    seeds = ", ".join(map(str, plan.seeds))
    head = (
        f"# Trial {best.number}: validation NRMSE {best.error:.6g} over "
        f"{plan.horizon} steps, mean of seeds {seeds}.\n"
    )
    return head + config_file.to_toml(plan.config(best.settings, plan.seeds[0]))
