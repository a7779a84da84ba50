"""Makes the operator of a mode for a model and its training data, or says why it cannot."""

import numpy as np
from jaxtyping import Bool

from koopcli.augment import additive, commutant, diagonal, generators, noise
from koopcli.augment.bilinear_model import BilinearModel
from koopcli.augment.blocks import Encoded
from koopcli.augment.diagonal_model import DiagonalModel
from koopcli.augment.generators import Generators
from koopcli.augment.latent_model import LatentModel
from koopcli.augment.operator import Operator
from koopcli.config.augmentation import BILINEAR, AugmentConfig
from koopcli.config.choices import Directions, Symmetry
from koopcli.errors import ConfigError, ModelError


def build(
    model: LatentModel, config: AugmentConfig, probe: Encoded, steps: int
) -> Operator:
    """Return the operator of `config.mode`.

    Args:
        model: The model.
        config: The mode, and what it needs.
        probe: Blocks that symmetries are found from.
        steps: Steps of a block.

    Raises:
        ConfigError: The mode needs actions, and there are none.
        ModelError: The mode is for another kind of model, or has no symmetry to offer
            for this one.
    """
    mode = config.mode
    if mode is Symmetry.GAUSSIAN:
        return noise.gaussian(model, steps)
    if isinstance(model, BilinearModel) and mode is Symmetry.KFC:
        return commutant.kfc(model, config.seed)
    if isinstance(model, BilinearModel) and mode is Symmetry.KFC_PLUS:
        return commutant.kfc_plus(model)
    if isinstance(model, DiagonalModel) and mode not in BILINEAR:
        return _diagonal(model, config, probe)
    kind = model.meta.model_config.kind
    needed, use = ("kfc", "homogeneous") if mode in BILINEAR else ("koopman", "kfc")
    raise ModelError(
        f"augment.mode {mode} is for models of --model {needed}, and this one is {kind}; "
        f"use --mode {use}, or give a run of --model {needed}"
    )


def _diagonal(model: DiagonalModel, config: AugmentConfig, probe: Encoded) -> Operator:
    on_image = config.directions is Directions.IMAGE
    actions = probe.blocks.actions.shape[-1] > 0
    match config.mode:
        case Symmetry.HOMOGENEOUS:
            return additive.on_image(model) if on_image else additive.free(model)
        case Symmetry.FLOW:
            return additive.flow(model) if actions else diagonal.flow(model)
        case Symmetry.COMMUTE:
            modes = _input_free(probe, config.input_tolerance)
            found = _directions(model, config, probe, modes, follow=False)
            return diagonal.commute(model, found)
        case _:  # equivariant
            if not actions:
                raise ConfigError(
                    "augment.mode equivariant moves actions, and the data has none; use "
                    "--mode commute, which is the same without"
                )
            modes = np.ones(probe.latents.shape[-1], bool)
            found = _directions(model, config, probe, modes, follow=True)
            return diagonal.equivariant(model, found)


def _input_free(probe: Encoded, tolerance: float) -> Bool[np.ndarray, " latent"]:
    energy = np.mean(np.abs(probe.latents) ** 2, axis=(0, 1))
    inputs = np.mean(np.abs(probe.inputs) ** 2, axis=(0, 1))
    modes = inputs <= tolerance**2 * energy
    if not modes.any():
        ratio = np.sqrt(np.min(inputs / np.maximum(energy, np.finfo(float).tiny)))
        raise ModelError(
            "augment.mode commute moves modes without inputs, and every mode of this "
            f"model has some (the least {ratio:.2g} of the mode, --input-tolerance "
            f"{tolerance:g}); use --mode homogeneous or equivariant"
        )
    return modes


def _directions(
    model: DiagonalModel,
    config: AugmentConfig,
    probe: Encoded,
    modes: Bool[np.ndarray, " latent"],
    *,
    follow: bool,
) -> Generators:
    if config.directions is Directions.FREE:
        return generators.independent(modes)
    states, actions = probe.blocks.observations[:, 0], probe.blocks.actions[:, 0]
    found = generators.on_image(model, states, modes, actions if follow else None)
    # There are no more independent symmetries than the state has dimensions.
    return generators.best(found, states.shape[-1], config.cycle_limit)
