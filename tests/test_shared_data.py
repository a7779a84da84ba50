"""What ingest does with every real file: the table in docs/data-formats.md."""

import re
from pathlib import Path

import pytest

from koopcli.config.data import IngestConfig
from koopcli.data import store
from koopcli.data.ingest import ingest
from koopcli.errors import DataError

DRONE = {
    "time_col": "Tempo_s",
    "obs_cols": ("Saida_y",),
    "action_cols": ("Controle_u",),
    "subsample": 5,
    "train_rows": ("2000:3200", "4400:5600", "6800:8000"),
    "test_rows": ("3200:4400", "5600:6800"),
    "delay_embed": 3,
}
OLD_DRONE = {
    "time_col": "tempo_ms",
    "obs_cols": ("angulo_deg",),
    "action_cols": ("u_pct",),
    "resample": 0.01,
}
SILVERBOX = {
    "obs_cols": ("V2",),
    "action_cols": ("V1",),
    "dt": 0.0016384042,
    "train_rows": ("40650:105712",),
    "test_rows": ("105712:127400", "100:40575"),
    "delay_embed": 4,
}
# File, settings, episodes, steps, terminations, seconds per step, a warning.
FILES = [
    ("d4rl/halfcheetah-expert.hdf5", {}, 60, 60_000, 0, 0.05, None),
    ("d4rl/halfcheetah-mix.hdf5", {}, 100, 100_000, 0, 0.05, None),
    ("d4rl/hopper-medium.hdf5", {}, 200, 88_863, 178, 0.008, None),
    ("d4rl/hopper-random.hdf5", {}, 300, 6_714, 300, 0.008, "unknown in 300 of 300"),
    ("minari/rollout/hopper/medium-v0", {}, 200, 88_863, 178, 0.008, None),
    (
        "formats/robomimic_hopper_medium.hdf5",
        {},
        67,
        29_302,
        59,
        1,
        "8 terminations at",
    ),
    (
        "formats/guda_trajectories.hdf5",
        {},
        10,
        20_000,
        0,
        1,
        "10 terminations at the time limit",
    ),
    ("formats/cs285_Hopper-v4.npz", {}, 2, 2_000, 0, 0.008, "2 terminations at the"),
    ("sysid/drone14/dados_14_drone.csv", OLD_DRONE, 1, 17_563, 0, 0.01, None),
    (
        "sysid/drone14/sinal1_semi_estatica_malha_fechada.csv",
        DRONE,
        5,
        1190,
        0,
        0.05,
        None,
    ),
    ("sysid/drone14/sinal2_degraus_malha_fechada.csv", DRONE, 5, 1190, 0, 0.05, None),
    (
        "sysid/drone14/sinal3_swept_sine_malha_fechada.csv",
        DRONE,
        5,
        1190,
        0,
        0.05,
        None,
    ),
    ("sysid/drone14/sinal4_multiseno_malha_fechada.csv", DRONE, 5, 1190, 0, 0.05, None),
    ("sysid/silverbox/SNLS80mV.csv", SILVERBOX, 3, 127_216, 0, 0.0016384042, "empty"),
]
REFUSED = {"formats/guda_traj_phys.hdf5": "'observations' is empty"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: Path(file[0]).name)
def test_every_file_is_read_as_the_table_says(shared_data, tmp_path, file):
    path, settings, episodes, steps, terminations, dt, warning = file
    report = ingest(
        [str(shared_data / path)], tmp_path / "d.h5", IngestConfig(**settings)
    )
    dataset = store.load(tmp_path / "d.h5")
    assert (report.episodes, report.steps) == (episodes, steps)
    assert report.terminations == terminations
    assert dataset.dt == pytest.approx(dt)
    assert warning is None or warning in " ".join(report.warnings)


def test_what_holds_nothing_is_refused(shared_data, tmp_path):
    for path, message in REFUSED.items():
        with pytest.raises(DataError, match=message):
            ingest([str(shared_data / path)], tmp_path / "d.h5", IngestConfig())


def test_the_table_names_every_file(shared_data):
    page = (Path(__file__).parent.parent / "docs/data-formats.md").read_text()
    listed = {path for path, *_ in FILES} | set(REFUSED)
    rows = set(re.findall(r"^\| `([^`]+/[^`]+)`", page, re.MULTILINE))
    assert listed == rows
    files = {
        p.relative_to(shared_data) for p in shared_data.rglob("*.*") if p.is_file()
    }
    loose = {str(p) for p in files if p.parts[0] not in ("minari", "INDEX.md")}
    assert loose <= listed
