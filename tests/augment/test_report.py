import math

from koopcli.augment.report import SCHEMA, Augmented
from koopcli.augment.summary import Checks
from koopcli.config.augmentation import AugmentConfig

CHECKS = Checks(
    scale=0.1,
    proposals=4,
    accepted=0.5,
    shift=0.2,
    cycle_median=math.nan,
    cycle_p95=math.inf,
    outside=0.0,
    residual_ratio=1.5,
)


def test_the_document_names_what_was_done_and_holds_no_nan():
    report = Augmented(
        run="run",
        data="data.h5",
        judge=None,
        settings=AugmentConfig(),
        steps=1,
        search=(CHECKS,),
        checks=CHECKS,
        generators=(0.25,),
        episodes={"recorded": 3, "training": 2, "added": 2},
        steps_added=2,
        warnings=("so so",),
    )
    document = report.document()
    assert document["schema"] == SCHEMA and document["scale"] == 0.1
    assert document["checks"]["cycle_median"] is None
    assert document["search"] == [document["checks"]]
    assert document["generators"] == [0.25] and document["warnings"] == ["so so"]
    assert document["settings"]["mode"] == "homogeneous"
