from koopcli.compare.listener import Listener


def test_nobody_needs_to_listen():
    listener = Listener()
    listener.tell("a line")
    listener.evaluated(1, 2)
    with listener.watch() as report:
        report(None)
    assert listener.command == ""
