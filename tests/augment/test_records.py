import numpy as np
from augmentation_parts import latent_model
from linear_plant import plant

from koopcli.augment import moving
from koopcli.augment.prepare import prepare
from koopcli.augment.records import Records
from koopcli.config.augmentation import AugmentConfig


def test_every_proposal_has_a_row_and_the_accepted_ones_their_episode(monkeypatch):
    monkeypatch.setattr(moving, "CHUNK_STEPS", 100)
    dataset = plant(noise=0.01)
    config = AugmentConfig(scale=0.3, max_residual=1.1)
    prepared = prepare(latent_model(dataset), dataset, config)
    records = Records(first_episode=12)
    for batch in moving.batches(prepared, dataset, lambda *_: None):
        records.add(batch)
    columns = records.columns()
    good = columns["accepted"]
    assert records.count == len(good) and 0 < good.sum() < len(good)
    assert all(len(values) == records.count for values in columns.values())
    expected = 12 + np.arange(good.sum())
    np.testing.assert_array_equal(columns["episode"][good], expected)
    assert (columns["episode"][~good] == -1).all()
    assert set(columns["source_episode"]) <= set(range(6))
    assert columns["draw"].shape == (records.count, 6)
    assert records.judged is None and "judge_before" not in columns
    assert len(records.states) == good.sum()
    assert columns["cycle"].dtype == np.float32 and columns["far"].dtype == bool
