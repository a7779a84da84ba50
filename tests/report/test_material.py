from dataclasses import replace

from koopcli.cli.render import json_text


def test_the_document_has_all_parts(material):
    document = material.document()
    assert document["schema"] == "koopcli.report/1"
    assert [run["kind"] for run in document["runs"]] == ["koopman", "gru"]
    assert document["doctor"]["schema"] == "koopcli.doctor/1"
    assert document["evaluation"]["schema"] == "koopcli.eval/1"
    assert [each["schema"] for each in document["spectra"]] == ["koopcli.spectrum/1"]
    assert "NaN" not in json_text(document)


def test_without_data_their_parts_are_null(bare):
    document = bare.document()
    assert document["data"] is document["doctor"] is document["evaluation"] is None
    assert document["spectra"][0]["verification"] is None


def test_every_warning_is_there_once(material):
    warnings = material.warnings()
    assert len(set(warnings)) == len(warnings)
    assert any("trained on another dataset file" in line for line in warnings)
    twice = replace(material, runs=(replace(material.runs[0], warnings=("w", "w")),))
    assert twice.warnings().count("w") == 1


def test_only_runs_with_eigenvalues_have_a_spectrum(material):
    koopman, gru = material.runs
    assert material.spectrum_of(koopman).run == str(koopman.path)
    assert material.spectrum_of(gru) is None
