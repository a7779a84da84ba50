"""A Minari dataset folder, through the minari package; no environment is needed.

Spaces are unbounded boxes of the columns. If the folder lies under MINARI_DATASETS_PATH,
`minari.load_dataset` finds it by its path from there; it has no environment to recover.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from koopcli import __version__
from koopcli.data.episode import Episode
from koopcli.data.exporters import About
from koopcli.errors import DataError


def write(
    path: Path, episodes: Iterable[Episode], about: About, dataset_id: str
) -> None:
    """Write a folder that holds `data/`.

    Raises:
        DataError: The format cannot hold an episode.
    """
    import minari
    from gymnasium import spaces
    from minari.dataset.minari_storage import MinariStorage

    if not about.notes.action_names:
        raise DataError("Minari cannot store episodes without actions; choose d4rl")
    unknown = [e.source for e in episodes if not e.last_observation_known]
    if unknown:
        raise DataError(
            f"{unknown[0]}: Minari needs the observation after the last action, "
            f"which {len(unknown)} episodes lack; choose d4rl, csv or parquet"
        )

    def box(names: tuple[str, ...]) -> Any:
        return spaces.Box(-np.inf, np.inf, (len(names),), np.float32)

    # Minari loses its way when a relative path is given.
    folder = (path / "data").resolve()
    folder.mkdir(parents=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about authors and links, unknown here
        storage = MinariStorage.new(
            folder,
            observation_space=box(about.notes.observation_names),
            action_space=box(about.notes.action_names),
        )
        notes = replace(about.notes, rewards=next(iter(episodes)).rewards is not None)
        storage.update_metadata(
            {
                "dataset_id": dataset_id,
                "minari_version": minari.__version__,
                "description": f"Exported by koopcli {__version__}.",
                "koopcli": notes.as_json(),
            }
            | ({} if about.notes.dt is None else {"dt": about.notes.dt})
        )
        storage.update_episodes(_buffers(episodes))


def identifier(path: Path) -> str:
    """Return an id: the path from MINARI_DATASETS_PATH, else the name of the folder."""
    from minari.storage.datasets_root_dir import get_dataset_path

    root = Path(get_dataset_path("")).resolve()
    inside = path.resolve().is_relative_to(root)
    text = path.resolve().relative_to(root).as_posix() if inside else path.name
    name = re.sub(r"[^-/\w]", "-", text)
    return name if re.search(r"-v\d+$", name) else f"{name}-v0"


def _buffers(episodes: Iterable[Episode]) -> Iterator[Any]:
    from minari.data_collector import EpisodeBuffer

    for episode in episodes:
        rewards = episode.rewards
        # Minari has no place for "no rewards"; the notes say that these are none.
        yield EpisodeBuffer(
            observations=episode.observations,
            actions=episode.actions,
            rewards=np.zeros(episode.length) if rewards is None else rewards,
            terminations=episode.terminations,
            truncations=episode.truncations,
        )
