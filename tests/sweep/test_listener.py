from koopcli.sweep.listener import Listener


def test_nobody_needs_to_listen():
    listener = Listener()
    listener.tell("x")
    with listener.watch() as report:
        report(None)


def test_how_to_go_on_is_the_command_where_there_is_one():
    assert Listener().advice == "go on with the same request"
    assert Listener(command="koopcli sweep x").advice == "go on with: koopcli sweep x"
