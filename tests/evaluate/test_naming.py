from koopcli.evaluate.naming import label, short_labels


def test_baselines_are_named_by_kind_and_runs_by_their_path():
    assert label(None, "linear") == "linear"
    assert label("runs/a", "koopman") == "koopman (runs/a)"


def test_pictures_name_runs_by_their_folder_unless_two_have_the_same():
    models = [("x/a", "mlp"), ("x/b", "gru"), ("y/b", "gru"), (None, "linear")]
    assert short_labels(models) == {
        "mlp (x/a)": "a",
        "gru (x/b)": "gru (x/b)",
        "gru (y/b)": "gru (y/b)",
        "linear": "linear",
    }
