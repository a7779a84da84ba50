"""Prediction error of models trained on few episodes, with and without augmentation.

python tests/benchmarks/data_efficiency.py data.h5 DIR [--shares 0.02,0.1] [--seeds 0,1,2]
    [--arms none,gaussian,homogeneous,flow,kfc,kfc++] [--steps 600] [--data-only]

For each share and seed: some of the training episodes are drawn, a model is trained on
them (`none`), it moves them (each other arm, `augment`: single transitions), and a model
of the same seed is trained on these and the recorded ones together, in as many steps.
(`kfc` and `kfc++` move with a bilinear model of these episodes.) Where no move is
accepted, a third of the scale is tried. `--data-only` stops at the files of the arms, for
policy_value.py. All models are evaluated on the test episodes of `data.h5`, which no one
saw; those of validation, which choose the best step, are the same for all. Run folders are
kept under DIR; what is there is not trained again. A line of JSON per model, then a table
of means and spreads over seeds.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np

HORIZONS = (1, 10, 50, 100)
SCALES = {
    "gaussian": 0.003,
    "homogeneous": 0.1,
    "flow": 0.3,
    "kfc": 0.03,
    "kfc++": 0.01,
}
KFC_STEPS = 2000
"""Of the bilinear model that `kfc` and `kfc++` move with."""
SMALLEST = 0.01
"""Of what a scale was at first: below it, there is no augmentation."""


def koopcli(*arguments: object) -> str:
    """Run a command, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "koopcli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"koopcli {' '.join(map(str, arguments))}\n{done.stderr}")
    return done.stdout


def few(data: Path, share: float, seed: int, folder: Path) -> Path:
    """Write a file with a part of the training episodes."""
    target = folder / "few.h5"
    if target.exists():
        return target
    with h5py.File(data) as file:
        splits = {name: file["splits"][name][()] for name in ("train", "val", "test")}
    count = max(2, round(share * len(splits["train"])))
    train = np.random.default_rng([seed, 7]).permutation(splits["train"])[:count]
    lists = folder / "lists.toml"
    # Of this file only train and val are used; every episode must be somewhere.
    parts = {"train": sorted(train.tolist()), "val": splits["val"].tolist()}
    every = set(np.concatenate(list(splits.values())).tolist())
    parts["test"] = sorted(every - set(parts["train"]) - set(parts["val"]))
    lists.write_text("".join(f"{name} = {rows}\n" for name, rows in parts.items()))
    koopcli("split", data, "--lists", lists, "--output", target)
    return target


def train(
    run: Path, source: Path, seed: int, steps: int, kind: str = "koopman"
) -> None:
    """Train on `source`, unless that is done."""
    if not (run / "model.eqx").exists():
        koopcli(
            *("train", source, "-o", run, "--steps", steps, "--overwrite"),
            *("--model", kind, "--seed", seed, "--set", "eval_every=200"),
            *("--device", "cpu"),
        )


def errors_of(run: Path, options: argparse.Namespace) -> list[float]:
    """Return the NRMSE of the test states at each horizon."""
    horizons = ",".join(map(str, HORIZONS))
    text = koopcli(
        *("eval", run, options.data, "--horizons", horizons, "--bootstrap", 0),
        *("--json", "--device", "cpu"),
    )
    rows = {
        row["horizon"]: row["nrmse"]
        for row in json.loads(text)["results"]
        if row["model"] == "koopman" and row["quantity"] == "observations"
    }
    return [rows[horizon] for horizon in HORIZONS]


def main() -> None:
    """Run everything and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shares", default="0.02,0.1")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--arms", default="none,gaussian,homogeneous,flow")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--data-only", action="store_true")
    options = parser.parse_args()
    found: dict[tuple[str, str], list[list[float]]] = {}
    for seed in map(int, options.seeds.split(",")):
        for share in options.shares.split(","):
            folder = options.folder / f"share{share}-seed{seed}"
            folder.mkdir(parents=True, exist_ok=True)
            source = few(options.data, float(share), seed, folder)
            for arm in options.arms.split(","):
                data = data_of(arm, folder, source, seed)
                if arm == "none" or not options.data_only:
                    train(folder / arm, data, seed, options.steps)
                if options.data_only:
                    continue
                errors = errors_of(folder / arm, options)
                found.setdefault((share, arm), []).append(errors)
                print(
                    json.dumps({"share": share, "seed": seed, arm: errors}), flush=True
                )
    if found:
        table(found)


def table(found: dict[tuple[str, str], list[list[float]]]) -> None:
    """Print means and sample standard deviations over seeds."""
    print("| share | arm | " + " | ".join(f"{h} steps" for h in HORIZONS) + " |")
    for (share, arm), rows in found.items():
        spreads = np.std(rows, 0, ddof=int(len(rows) > 1))
        cells = zip(np.mean(rows, 0), spreads, strict=True)
        text = " | ".join(f"{mean:.4f} ± {spread:.4f}" for mean, spread in cells)
        print(f"| {share} | {arm} | {text} |")


def data_of(arm: str, folder: Path, few_episodes: Path, seed: int) -> Path:
    """Return the file that an arm trains on, which is made first."""
    source = few_episodes if arm == "none" else folder / f"{arm}.h5"
    scale, mover = SCALES.get(arm, 0.0), folder / "none"
    if arm.startswith("kfc"):
        mover = folder / "model-kfc"
        train(mover, few_episodes, seed, KFC_STEPS, "kfc")
    while not source.exists():
        command = [sys.executable, "-m", "koopcli", "augment", mover]
        command += [few_episodes, "--output", source, "--mode", arm, "--scale", scale]
        done = subprocess.run(
            [*map(str, command)], capture_output=True, text=True, check=False
        )
        if done.returncode and "is accepted" not in done.stderr:
            raise SystemExit(done.stderr)
        scale /= 3
        if scale < SMALLEST * SCALES[arm]:
            raise SystemExit(f"{arm}: nothing is accepted at any scale")
    return source


if __name__ == "__main__":
    main()
