"""Return in the real environment of policies trained with and without augmentation.

The data is what data_efficiency.py leaves in its folders, one per draw of episodes: few.h5
(the arm `none`) and one file of `koopcli augment` per arm. In koopcli's own Python, then
in an environment of its own, since koopcli itself is not needed for policies:

    python tests/benchmarks/data_efficiency.py hopper.h5 DIR --shares 0.1 --data-only
    pip install d3rlpy "gymnasium[mujoco]"
    python tests/benchmarks/policy_value.py Hopper-v5 values.jsonl DIR/share0.1-seed*
        [--arms none,gaussian,homogeneous,flow] [--algorithms bc,td3+bc] [--repeats 1]

For each folder, algorithm and arm: a policy of d3rlpy (or several, `--repeats`) is trained
on the transitions of the training split, recorded and moved ones alike, with the same
number of steps, seed and scaling (of few.h5) in all arms. A time-out is not terminal; where
the state after it is unknown, the transition is left out. After every tenth of training the
policy acts without noise, from the same starts for all; its worth is the mean return of the
last five times: a single one says little. A line of JSON per policy; what the file has is
not done again. Then means and spreads over policies, also as D4RL scores.
"""

import argparse
import json
import time
from pathlib import Path

import d3rlpy
import gymnasium
import h5py
import numpy as np
import torch
from d3rlpy.dataset import TransitionMiniBatch

REFERENCE = {"Hopper": (-20.272305, 3234.3), "HalfCheetah": (-280.178953, 12135.0)}
"""Returns that score 0 and 100, of a random and an expert policy (d4rl/infos.py)."""
ALGORITHMS = {"bc": d3rlpy.algos.BCConfig, "td3+bc": d3rlpy.algos.TD3PlusBCConfig}
COLUMNS = ("observations", "actions", "rewards", "terminations")
FILES = {"none": "few.h5"}
BATCH = 256
STARTS = range(1000, 1010)
"""Seeds of the starts."""
EVALUATIONS = 10
"""In the course of training; the last half counts."""


def transitions(path: Path) -> dict[str, np.ndarray]:
    """Return the transitions of the training split, one row each."""
    with h5py.File(path) as file:
        episodes = file["splits/train"][()]
        table = {name: rows[()] for name, rows in file["episodes"].items()}
        columns = {name: file[name][()] for name in COLUMNS}
    lengths = table["length"][episodes]
    ends = np.cumsum(lengths)
    # Of every transition: its place in its episode, and its rows in the flat columns.
    place = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
    step = np.repeat(table["step_start"][episodes], lengths) + place
    row = np.repeat(table["observation_start"][episodes], lengths) + place
    known = np.ones(len(row), bool)
    known[ends - 1] = table["last_observation_known"][episodes]
    terminal = columns["terminations"][step]
    # The value of a terminal state is zero, whatever stands for it.
    following = columns["observations"][np.where(known, row + 1, row)]
    use = known | terminal
    return {
        "observations": columns["observations"][row][use],
        "actions": columns["actions"][step][use],
        "rewards": columns["rewards"][step][use, None],
        "next_observations": following[use],
        "terminals": terminal[use, None].astype(np.float32),
    }


def batch_of(data: dict[str, np.ndarray], rows: np.ndarray) -> TransitionMiniBatch:
    """Pick rows; d3rlpy's own buffer leaves out the step at which an episode is cut."""
    part = {name: values[rows] for name, values in data.items()}
    # Neither algorithm looks at the next action.
    return TransitionMiniBatch(
        **part,
        next_actions=part["actions"],
        intervals=np.ones_like(part["terminals"]),
        transitions=[],
    )


def policy(algorithm: str, few: Path):
    """Return an untrained policy, scaled as the recorded episodes."""
    with h5py.File(few) as file:
        group = file["statistics/observations"]
        scaler = d3rlpy.preprocessing.StandardObservationScaler(
            mean=group["mean"][()], std=group["std"][()]
        )
        sizes = file["observations"].shape[1:], file["actions"].shape[1]
    config = ALGORITHMS[algorithm](batch_size=BATCH, observation_scaler=scaler)
    built = config.create(device="cpu")
    built.create_impl(*sizes)
    return built


def returns(actor, environments: list[gymnasium.Env]) -> np.ndarray:
    """Let the policy act, once in each environment, and sum the rewards."""
    starts = zip(environments, STARTS, strict=True)
    states = [environment.reset(seed=seed)[0] for environment, seed in starts]
    totals, running = np.zeros(len(environments)), list(range(len(environments)))
    while running:
        rows = np.array([states[number] for number in running], dtype=np.float32)
        left = []
        for number, action in zip(running, actor.predict(rows), strict=True):
            state, reward, ended, cut, _ = environments[number].step(action)
            states[number], totals[number] = state, totals[number] + reward
            if not (ended or cut):
                left.append(number)
        running = left
    return totals


def value(key: dict, path: Path, environments: list[gymnasium.Env]) -> dict:
    """Train a policy on a file and return what it is worth."""
    d3rlpy.seed(key["seed"])
    random = np.random.default_rng(key["seed"])
    data = transitions(path)
    actor = policy(key["algorithm"], path.parent / "few.h5")
    curve, start = [], time.process_time()
    for step in range(1, key["steps"] + 1):
        rows = random.integers(len(data["rewards"]), size=BATCH)
        actor.update(batch_of(data, rows))
        if step % (key["steps"] // EVALUATIONS) == 0:
            curve.append(float(returns(actor, environments).mean()))
    return {
        "transitions": len(data["rewards"]),
        "curve": curve,
        "return": float(np.mean(curve[EVALUATIONS // 2 :])),
        "cpu_seconds": time.process_time() - start,
    }


def tables(rows: list[dict], environment: str) -> None:
    """Print means and sample standard deviations over policies."""
    low, high = REFERENCE[environment.split("-")[0]]
    print("| algorithm | steps | arm | policies | transitions | return | D4RL score |")
    print("|" + "---|" * 7)
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        groups.setdefault((row["algorithm"], row["steps"], row["arm"]), []).append(row)
    for (algorithm, steps, arm), of_arm in groups.items():
        worth = np.array([row["return"] for row in of_arm])
        mean, spread = worth.mean(), worth.std(ddof=int(len(worth) > 1))
        part = 100 / (high - low)
        count = np.mean([row["transitions"] for row in of_arm])
        print(
            f"| {algorithm} | {steps} | {arm} | {len(of_arm)} | {count:.0f} | {mean:.0f}"
            f" ± {spread:.0f} | {part * (mean - low):.1f} ± {part * spread:.1f} |"
        )


def wanted(options: argparse.Namespace) -> list[dict]:
    """Return what tells each policy from the others, one after the other."""
    return [
        {
            "environment": options.environment,
            "folder": str(folder),
            "seed": int(folder.name.rpartition("seed")[2]) + 1000 * repeat,
            "algorithm": algorithm,
            "arm": arm,
            "steps": options.steps,
        }
        for algorithm in options.algorithms.split(",")
        for repeat in range(options.repeats)
        for folder in options.folders
        for arm in options.arms.split(",")
    ]


def main() -> None:
    """Run what is not there yet, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment")
    parser.add_argument("output", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--arms", default="none,gaussian,homogeneous,flow")
    parser.add_argument("--algorithms", default="bc,td3+bc")
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--repeats", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    environments = [gymnasium.make(options.environment) for _ in STARTS]
    options.output.touch()
    rows = [json.loads(line) for line in options.output.read_text().splitlines()]
    for key in wanted(options):
        if any(row.items() >= key.items() for row in rows):
            continue
        path = Path(key["folder"]) / FILES.get(key["arm"], f"{key['arm']}.h5")
        row = key | value(key, path, environments)
        rows.append(row)
        with options.output.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)
    tables(rows, options.environment)


if __name__ == "__main__":
    main()
