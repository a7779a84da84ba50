"""What a model must beat: no change at all, and linear least squares.

Both are rolled out open loop from the same starts as the model. Equations in
docs/metrics.md.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from koopcli.data.statistics import ColumnStatistics
from koopcli.data.store import Dataset
from koopcli.data.windows import start_table
from koopcli.evaluate.rollouts import Predicted, Rollout

FIT_ROWS = 2**16
"""Transitions per block of the normal equations."""


def persistence(dataset: Dataset) -> Rollout:
    """Predict that the state stays and the reward is the training mean."""
    reward = None
    if dataset.statistics.rewards is not None:
        reward = float(dataset.statistics.rewards.mean[0])

    def predict(states: np.ndarray, actions: np.ndarray) -> Predicted:
        batch, time, _ = actions.shape
        rewards = None if reward is None else np.full((batch, time), reward)
        return Predicted(np.repeat(states[:, None], time, axis=1), rewards)

    return predict


@dataclass(frozen=True)
class LinearModel:
    """`[s', r] = [s, a, 1] W`, all columns standardised by the training split.

    Attributes:
        weights: W; the last column is the reward's, if there are rewards.
        states: Mean and scale of the states.
        actions: Mean and scale of the actions.
        rewards: Mean and scale of the rewards, if any.
    """

    weights: Float[np.ndarray, "features targets"]
    states: ColumnStatistics
    actions: ColumnStatistics
    rewards: ColumnStatistics | None


def fit_linear(dataset: Dataset) -> LinearModel:
    """Fit the linear model to every transition of the training split, in float64.

    The normal equations are summed block by block. Constant columns make them singular;
    the solution of least norm then ignores those columns.
    """
    statistics = dataset.statistics
    size = statistics.observations.mean.size + statistics.actions.mean.size + 1
    outputs = statistics.observations.mean.size + (statistics.rewards is not None)
    gram, moment = np.zeros((size, size)), np.zeros((size, outputs))
    table = start_table(dataset, "train")
    for first in range(0, len(table), FIT_ROWS):
        chosen = table.at(np.arange(first, min(first + FIT_ROWS, len(table))))
        observation, step = chosen.observation_rows, chosen.step_rows
        state = standardise(dataset.observations[observation], statistics.observations)
        action = standardise(dataset.actions[step], statistics.actions)
        inputs = _features(state, action)
        target = [
            standardise(dataset.observations[observation + 1], statistics.observations)
        ]
        if statistics.rewards is not None and dataset.rewards is not None:
            reward = dataset.rewards[step][:, None]
            target.append(standardise(reward, statistics.rewards))
        gram += inputs.T @ inputs
        moment += inputs.T @ np.concatenate(target, axis=1)
    weights = np.linalg.lstsq(gram, moment, rcond=None)[0]
    return LinearModel(
        weights, statistics.observations, statistics.actions, statistics.rewards
    )


def linear(model: LinearModel) -> Rollout:
    """Return the open-loop rollout of a fitted linear model.

    The reward of a step comes from the state before it: the true one at the first step,
    the predicted one afterwards.
    """
    size = model.states.mean.size

    def predict(states: np.ndarray, actions: np.ndarray) -> Predicted:
        state = standardise(states, model.states)
        action = standardise(actions, model.actions)
        steps = []
        with np.errstate(over="ignore", invalid="ignore"):
            for time in range(actions.shape[1]):
                steps.append(_features(state, action[:, time]) @ model.weights)
                state = steps[-1][:, :size]
        outputs = np.stack(steps, axis=1)
        predicted = outputs[..., :size] * model.states.scale + model.states.mean
        rewards = None
        if model.rewards is not None:
            rewards = outputs[..., size] * model.rewards.scale + model.rewards.mean
        return Predicted(predicted, rewards)

    return predict


def standardise(
    values: Float[np.ndarray, "*batch dim"], columns: ColumnStatistics
) -> Float[np.ndarray, "*batch dim"]:
    """Return `(values - mean) / scale` in float64."""
    return (values.astype(np.float64) - columns.mean) / columns.scale


def _features(state: np.ndarray, action: np.ndarray) -> np.ndarray:
    return np.concatenate([state, action, np.ones((len(state), 1))], axis=1)
