"""Rollouts to look at: a typical one, and the worst."""

import numpy as np

from koopcli.evaluate.examples import Example
from koopcli.evaluate.figures import labels
from koopcli.evaluate.formats import number
from koopcli.report.blocks import Block, Section, Text
from koopcli.report.material import NO_DATA, Held, Material
from koopcli.report.pictures import Album
from koopcli.report.words import together

CAPTIONS = {
    "typical": "The start with the median error of the first run, among those that see "
    "the whole horizon. Ticks mark re-encodings.",
    "worst": "The start with the largest error of the first run. A prediction that "
    "explodes leaves its panel.",
}


def section(material: Material, album: Album) -> Section:
    """Return the section; the pictures of the evaluation are in `album`."""
    held = material.held
    if held is None:
        return Section("rollouts", "Rollouts", (Text(NO_DATA),))
    blocks: list[Block] = []
    for example in held.evaluation.examples:
        blocks += album.pictures(
            f"rollout_{example.name}", _alt(held, example), CAPTIONS[example.name]
        )
    return Section("rollouts", "Rollouts", tuple(blocks))


def _alt(held: Held, example: Example) -> str:
    short = labels(held.evaluation)
    errors = together(
        f"{short[run]} {number(_nrmse(held, example.truth, predicted))}"
        for run, predicted in example.predicted.items()
    )
    return (
        f"Predicted and true values over {len(example.truth) - 1} steps from the "
        f"{example.name} start, episode {example.episode}, step {example.step}. NRMSE "
        f"over all of its steps and dimensions: {errors}."
    )


def _nrmse(held: Held, truth: np.ndarray, predicted: np.ndarray) -> float:
    scale = held.dataset.output_statistics.observations.scale
    with np.errstate(over="ignore", invalid="ignore"):
        error = (predicted[1:] - truth[1:]).astype(np.float64) / scale
        return float(np.sqrt(np.mean(error**2)))
