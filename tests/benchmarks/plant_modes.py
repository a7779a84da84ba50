"""Which modes of a linear plant with known ones a linear Koopman model finds.

Two oscillators (`tests/damped_plant.py`), 5 % of the steps missing. For each seed one line
of JSON, with the nearest (modulus, radians per step) to each true mode:

    export PYTHONPATH=tests
    python tests/benchmarks/plant_modes.py --latents 8 --seeds 0,1
    python tests/benchmarks/plant_modes.py --seeds 0,1,2,3,4 optimizer.learning_rate=0.02 \\
        optimizer.eigenvalue_rate=1
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from damped_plant import DT, MODES, plant, write

from koopcli import api, config_file

LINEAR = {f"model.{part}_depth": 0 for part in ("encoder", "decoder", "action")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latents", type=int, default=len(MODES))
    parser.add_argument("--seeds", default="0", metavar="N,N")
    parser.add_argument("settings", nargs="*", metavar="SECTION.KEY=VALUE")
    asked = parser.parse_args()
    pairs = [text.split("=", 1) for text in asked.settings]
    settings = LINEAR | {
        "model.latent_dim": asked.latents,
        "train.horizon": 20,
        "train.batch_size": 64,
        "train.steps": 4000,
        **{name: config_file.convert(name, value, "settings") for name, value in pairs},
    }
    with tempfile.TemporaryDirectory() as name:
        folder, random = Path(name), np.random.default_rng(0)
        recordings = write(
            folder / "recordings.hdf5", plant(random), random, episodes=40, missing=0.05
        )
        data = folder / "data.h5"
        api.ingest(recordings, data, api.IngestConfig(dt=DT))
        for seed in map(int, asked.seeds.split(",")):
            config = config_file.build(settings | {"train.seed": seed})
            result = api.train(data, folder / f"run{seed}", config)
            modes = api.inspect_eigenvalues(folder / f"run{seed}").modes
            found = np.array([complex(mode.real, mode.imag) for mode in modes])
            print(json.dumps(line(seed, found) | {"error": result.best_validation}))


def line(seed, found):
    """The nearest of `found`, or of their conjugates, to each mode."""
    pairs = np.concatenate([found, found.conj()])
    nearest = [
        pairs[np.abs(pairs - modulus * np.exp(1j * phase)).argmin()]
        for modulus, phase in MODES
    ]
    text = [[round(abs(z), 5), round(float(np.angle(z)), 5)] for z in nearest]
    return {"seed": seed, "modes": text}


if __name__ == "__main__":
    main()
