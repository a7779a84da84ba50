from doctor_data import view


def test_names_and_places():
    found = view()
    assert found.column_names == ("position", "speed", "angle", "force", "torque")
    place = found.place(2, 7, "speed")
    assert (place.episode, place.step, place.column) == (2, 7, "speed")
    assert place.source == "file: episode 2"


def test_the_survey_is_made_once():
    found = view()
    assert found.survey is found.survey
    assert len(found.survey.episodes) == 6
