from koopcli.benchmark.timing import Timing, Work, interleaved, once


def test_everything_has_its_turn_in_every_round():
    order, said = [], []
    works = [Work(lambda: order.append("a")), Work(lambda: order.append("b"))]
    timings = interleaved(works, 3, said.append)
    assert order == list("ababab")
    assert said == ["round 1 of 3", "round 2 of 3", "round 3 of 3"]
    assert [len(each.wall) for each in timings] == [3, 3]
    assert interleaved([], 2) == []


def test_the_middle_of_the_rounds_counts():
    timing = Timing(wall=(5.0, 1.0, 2.0), processor=(4.0, 3.0, 9.0))
    assert (timing.median, timing.processor_median) == (2.0, 4.0)


def test_time_is_told_per_piece(monkeypatch):
    clock = iter([10.0, 16.0])
    processor = iter([1.0, 4.0])
    monkeypatch.setattr("time.perf_counter", lambda: next(clock))
    monkeypatch.setattr("time.process_time", lambda: next(processor))
    assert once(Work(lambda: None, 3)) == (2.0, 1.0)
