"""Joins all that was found in an evaluation into one report."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from koopcli.data.store import Dataset
from koopcli.evaluate import bootstrap as draws
from koopcli.evaluate import (
    breakdown,
    lyapunov,
    paired,
    reencoding,
    scoring,
    summaries,
)
from koopcli.evaluate.examples import Example
from koopcli.evaluate.naming import label
from koopcli.evaluate.protocol import Protocol
from koopcli.evaluate.report import EvalReport
from koopcli.evaluate.scoring import Scored
from koopcli.evaluate.summaries import Validity
from koopcli.evaluate.yardstick import Yardstick


@dataclass(frozen=True)
class Found:
    """What was measured, before it is turned into tables.

    Attributes:
        scored: Runs and baselines with their tallies.
        sweep: The runs' tallies for other intervals between re-encodings.
        latents: Rows of `koopcli.evaluate.latents`.
        long_run: Rows of `koopcli.evaluate.free_runs`.
        examples: Rollouts to look at.
    """

    scored: Scored
    sweep: Sequence[tuple[int, Scored]] = ()
    latents: Sequence[dict[str, Any]] = ()
    long_run: Sequence[dict[str, Any]] = ()
    examples: tuple[Example, ...] = ()


def build(
    protocol: Protocol,
    dataset: Dataset,
    found: Found,
    yardstick: Yardstick,
    warnings: tuple[str, ...] = (),
) -> EvalReport:
    """Turn tallies into a report; intervals, summaries and comparisons of one draw."""
    scored = found.scored
    episodes = len(scored[0][1].episodes)
    drawn = draws.draw(episodes, protocol.bootstrap, protocol.confidence, protocol.seed)
    valid = Validity(
        protocol.valid_threshold, protocol.dt, protocol.lyapunov_exponent or np.nan
    )
    compared = paired.compare(scored, yardstick.horizons, drawn)
    curves = tuple(summaries.curve(pair, yardstick, drawn) for pair in scored)
    return EvalReport(
        protocol=protocol,
        rows=scoring.rows(scored, yardstick, drawn),
        summaries=tuple(
            summaries.summary(pair, yardstick, drawn, valid) for pair in scored
        ),
        curves=curves,
        warnings=(
            *warnings,
            *_few(episodes, protocol.bootstrap),
            *_chosen_here(protocol),
            *lyapunov.warnings(protocol),
            *(text for pair in scored for text in summaries.broken(*pair)),
        ),
        more={
            "comparisons": [asdict(each) for each in compared],
            "quantiles": breakdown.quantiles(scored, yardstick),
            "sources": breakdown.sources(scored, dataset),
            "episodes": breakdown.episodes(scored, dataset),
            "latents": list(found.latents),
            "long_run": list(found.long_run),
            "lyapunov": lyapunov.rows([pair[0] for pair in scored], curves, protocol),
            "reencoding": reencoding.sweep(found.sweep, yardstick, drawn, valid),
        },
        examples=found.examples,
        spread={
            label(entrant.run, entrant.model): np.sqrt(tally.record.profile[:, -1])
            for entrant, tally in scored
        },
    )


def _few(episodes: int, asked: int) -> tuple[str, ...]:
    if not asked or episodes >= draws.FEW_EPISODES:
        return ()
    if episodes == 1:
        return ("one episode says nothing of others: there are no intervals",)
    return (
        f"the intervals come from {episodes} episodes; below {draws.FEW_EPISODES} they "
        "are too narrow",
    )


def _chosen_here(protocol: Protocol) -> tuple[str, ...]:
    if not protocol.reencode_sweep:
        return ()
    return (
        f"the best --reencode-every was chosen on the {protocol.split} split; its error "
        "there is too good, so confirm it on another",
    )
