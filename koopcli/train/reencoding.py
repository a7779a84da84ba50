"""How often a trained model should re-encode in rollouts, chosen on validation data.

What is best depends on the data: re-encoding keeps a prediction near the states that the
encoder knows, and loses what the latents remember and the state does not show. Source of
re-encoding: Fathi et al. 2024, arXiv:2310.15386.
"""

import dataclasses
import math
from pathlib import Path

from koopcli import run_dir
from koopcli.data.store import Dataset
from koopcli.model import checkpoint
from koopcli.model.dynamics import DynamicsModel
from koopcli.train.validation import make_validation

HORIZON = 300
"""Steps over which the choice is judged, where validation episodes are long enough."""
WINDOWS = 64
"""Validation windows it is judged on."""
MARGIN = 0.98
"""Another interval than that of training must lower the error to this share."""


def settle(run: Path, dataset: Dataset, horizon: int, given: int | None) -> int:
    """Choose for the best model of a run folder, and write the choice into its models.

    Args:
        run: The folder; its models may hold the choice of a shorter run.
        dataset: What to choose on.
        horizon: Training horizon.
        given: What the user wants, if anything: then there is no choice.

    Returns:
        The interval that rollouts will have; 0 never re-encodes.
    """
    saved = checkpoint.load(run / run_dir.BEST_MODEL)
    if given is not None or not saved.model.remembers:
        return saved.model.reencoding(None)
    best, _ = choose(saved.model, dataset, horizon)
    for name in (run_dir.BEST_MODEL, run_dir.LAST_MODEL):
        saved = checkpoint.load(run / name)
        config = dataclasses.replace(saved.meta.model_config, rollout_every=best)
        meta = dataclasses.replace(saved.meta, model_config=config)
        checkpoint.save(run / name, saved.model, meta)
    return best


def candidates(trained: int, horizon: int) -> tuple[int, ...]:
    """Return the intervals to try besides `trained`; 0 never re-encodes.

    Half and twice the interval of training, if there was one. Otherwise short ones, and
    the horizon, beyond which the model has never been asked to predict.
    """
    if trained:
        return tuple(sorted({max(1, trained // 2), 2 * trained} - {trained}))
    return tuple(sorted({10, 50, horizon}))


def choose(
    model: DynamicsModel, dataset: Dataset, horizon: int
) -> tuple[int, dict[int, float]]:
    """Return the best interval, and the error of each: states plus rewards, standard units.

    Args:
        model: Trained; its own interval is the one to beat.
        dataset: Its validation episodes judge; without them nothing changes.
        horizon: Training horizon.
    """
    trained = model.config.reencode_every or 0
    if len(dataset.splits["val"]) == 0:
        return trained, {}
    longest = int(dataset.transitions[dataset.splits["val"]].max())
    validate = make_validation(dataset, min(HORIZON, longest), WINDOWS)
    assert validate is not None, "there are validation episodes"
    tried = [k for k in candidates(trained, horizon) if k < longest]
    errors = {every: _error(validate(model, every)) for every in (trained, *tried)}
    finite = {k: e if math.isfinite(e) else math.inf for k, e in errors.items()}
    best = min(finite, key=lambda every: finite[every])
    return (best if finite[best] < MARGIN * finite[trained] else trained), errors


def _error(found: dict[str, float]) -> float:
    # Rewards suffer from an interval they were not trained for, more than states gain.
    return found["nmse"] + found.get("reward_nmse", 0.0)
