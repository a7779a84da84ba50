from typing import get_args

from koopcli.report import blocks
from koopcli.report.page import TEMPLATES


def test_the_template_knows_every_kind_of_block():
    template = (TEMPLATES / "page.html").read_text()
    kinds = [block.kind for block in get_args(blocks.Block)]
    assert len(set(kinds)) == len(kinds) == 6
    for kind in kinds:
        assert f'it.kind == "{kind}"' in template


def test_tables_are_sortable_unless_they_list_facts():
    assert blocks.Table("t", ("a",), [["1"]]).sortable
