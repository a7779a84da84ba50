import ast
from pathlib import Path

from koopcli.data.environments import SECONDS_PER_STEP
from koopcli.doctor import thresholds


def test_every_threshold_has_its_reason():
    body = ast.parse(Path(thresholds.__file__).read_text()).body
    for node, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.Assign):
            assert isinstance(following, ast.Expr), ast.unparse(node)


def test_environments_with_a_box_are_well_known_ones():
    assert set(thresholds.UNIT_BOX) <= set(SECONDS_PER_STEP)
