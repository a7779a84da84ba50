"""From rows that hold an observation and an action to the steps of an episode.

With N rows, `lead` means: the action of a row leads from its observation to that of the
next row. The last row's action then leads to an observation that nobody knows, unless
the row has a next observation; if it has no action at all, the episode has N - 1 steps.
`lag` means: the action of a row led to its observation, so the first action is left out.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from koopcli.config.choices import ActionAlign
from koopcli.data.episode import Episode
from koopcli.data.remarks import Remarks

LEFT_OUT_ACTION = "led to a first observation, from an unknown one"
LEFT_OUT_REWARD = "rewards of a row without a step, left out"


@dataclass(frozen=True)
class Rows:
    """The rows of one episode; a row without an action has NaN in all its columns.

    Attributes:
        observations: One row each.
        actions: One row each.
        rewards: One value per row, or None.
        terminal: Whether the system ended at the row.
        timeout: Whether the recording was cut at the row.
        following: The observation after each row, where the source has them.
    """

    observations: Float[np.ndarray, "_row state"]
    actions: Float[np.ndarray, "_row action"]
    rewards: Float[np.ndarray, " _row"] | None
    terminal: Bool[np.ndarray, " _row"]
    timeout: Bool[np.ndarray, " _row"]
    following: Float[np.ndarray, "_row state"] | None

    @property
    def last(self) -> Float[np.ndarray, "1 state"] | None:
        """The observation after the last row, if it is known."""
        return None if self.following is None else self.following[-1:]

    def part(self, rows: slice) -> "Rows":
        """Return some of the rows."""
        return Rows(
            observations=self.observations[rows],
            actions=self.actions[rows],
            rewards=None if self.rewards is None else self.rewards[rows],
            terminal=self.terminal[rows],
            timeout=self.timeout[rows],
            following=None if self.following is None else self.following[rows],
        )


def without_action(
    actions: Float[np.ndarray, "row action"],
) -> Bool[np.ndarray, " row"]:
    """Return the rows that hold no action at all."""
    if actions.shape[1] == 0:
        return np.zeros(len(actions), bool)
    return np.isnan(actions).all(axis=1)


def episode(rows: Rows, align: ActionAlign, source: str, remarks: Remarks) -> Episode:
    """Turn the rows of one episode into its steps; the end is marked in the last one."""
    count = len(rows.observations)
    autonomous = rows.actions.shape[1] == 0
    open_end = rows.last is None and (
        autonomous or bool(without_action(rows.actions[-1:]).any())
    )
    observations = rows.observations
    if open_end and (not autonomous or align is ActionAlign.LEAD):
        kept = slice(0, count - 1)
    elif align is ActionAlign.LAG:
        kept = slice(1, count)
        if not autonomous and not without_action(rows.actions[:1]).any():
            remarks.drop(LEFT_OUT_ACTION, 1)
    else:
        kept = slice(0, count)
        if rows.last is not None:
            observations = np.concatenate([observations, rows.last])
    steps = len(range(count)[kept])
    rewards = None if rows.rewards is None else rows.rewards[kept]
    if rows.rewards is not None and steps < count:
        outside = rows.rewards[-1:] if kept.start == 0 else rows.rewards[:1]
        remarks.count(LEFT_OUT_REWARD, source, int(np.isfinite(outside).sum()))
    terminations, truncations = np.zeros(steps, bool), np.zeros(steps, bool)
    if steps:
        # The end may be marked in the last row or, if that has no step, before it.
        tail = slice(max(0, count - 1 - (kept.stop < count)), count)
        terminations[-1] = rows.terminal[tail].any()
        truncations[-1] = rows.timeout[tail].any() or not terminations[-1]
    return Episode(
        observations=observations,
        actions=rows.actions[kept],
        rewards=rewards,
        terminations=terminations,
        truncations=truncations,
        source=source,
    )
