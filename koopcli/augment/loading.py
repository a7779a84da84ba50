"""From a run to a model that can be moved along."""

from pathlib import Path

from koopcli import run_dir
from koopcli.augment.bilinear_model import BilinearModel
from koopcli.augment.diagonal_model import DiagonalModel
from koopcli.augment.latent_model import LatentModel
from koopcli.errors import ModelError
from koopcli.model import checkpoint
from koopcli.model.kfc import KfcModel
from koopcli.model.koopman import KoopmanModel


def load(run: Path) -> LatentModel:
    """Read a run folder or model file.

    Raises:
        ModelError: There is no usable model, or its latents have no linear dynamics.
    """
    saved = checkpoint.load(run_dir.model_file(run))
    if saved.meta.delays is not None:
        raise ModelError(
            f"{run}: was trained on delay-embedded data, whose samples of the past would "
            "contradict moved states; train on data ingested without --delay-embed"
        )
    if isinstance(saved.model, KoopmanModel):
        return DiagonalModel(saved.model, saved.meta)
    if isinstance(saved.model, KfcModel):
        return BilinearModel(saved.model, saved.meta)
    raise ModelError(
        f"{run}: a {saved.meta.model_config.kind} model has no latents with symmetries to "
        "move along; give a run of --model koopman, or of --model kfc"
    )
