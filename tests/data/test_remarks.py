from koopcli.data.remarks import Remarks


def test_findings_are_counted_and_the_first_place_is_kept():
    remarks = Remarks()
    remarks.count("gaps", "row 3", 2)
    remarks.count("gaps", "row 9")
    remarks.count("nothing", "row 1", 0)
    remarks.drop("outside", 2)
    remarks.drop("outside", 3)
    remarks.drop("inside", 0)
    remarks.largest("jitter", 0.25)
    remarks.largest("jitter", 0.01)
    assert remarks.lines() == ["3 gaps (first: row 3)", "jitter 0.25"]
    assert remarks.dropped == {"outside": 5}
