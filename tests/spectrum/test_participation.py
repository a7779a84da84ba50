import numpy as np
import pytest
from linear_plant import TRUE

from koopcli.spectrum import linear_form, participation


def test_an_input_free_mode_has_no_gain_and_an_unread_one_no_part(held_out):
    found = participation.measure(held_out, 4)
    assert found.input_gain[3] == pytest.approx(0.0, abs=1e-6)
    assert (found.input_gain[:3] > 0.05).all()
    assert found.static_gain[0] == pytest.approx(
        found.input_gain[0] / abs(1 - TRUE[0]), rel=1e-4
    )
    # The planted mode is not among those that the decoder reads.
    assert found.output_participation[4] == pytest.approx(0.0, abs=1e-10)
    assert found.output_participation.sum() == pytest.approx(1.0)


def test_participation_through_a_linear_decoder_by_hand(held_out):
    found = participation.measure(held_out, 4)
    c = linear_form.of(held_out.modal).output_matrix
    effect = np.sum(np.abs(c) ** 2, axis=0) / 2 * np.var(held_out.after, axis=0)
    wanted = effect / effect.sum()
    # Real modes have a real part alone, whose imaginary column is zero: the same half.
    assert found.output_participation == pytest.approx(wanted, rel=1e-3, abs=1e-9)
