from dataclasses import replace

import comparison_parts


def test_the_document_has_the_schema_first_and_the_warnings_last():
    report = comparison_parts.report([("a", "koopman", [0.1, 0.2, 0.3])])
    document = report.document()
    assert list(document) == ["schema", "protocol", "results", "summary", "warnings"]
    assert document["schema"] == "koopcli.eval/1"
    assert document["summary"][0]["run"] == "a"


def test_further_tables_are_fields_of_the_document():
    report = comparison_parts.report([("a", "koopman", [0.1, 0.2, 0.3])])
    several = replace(report, more={"episodes": [{"episode": 1}]})
    assert several.document()["episodes"] == [{"episode": 1}]
