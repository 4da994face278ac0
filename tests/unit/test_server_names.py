import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from browserconc.lab.server import LARGEST
from browserconc.lab.servers import TABLE, parse

SIZES = st.integers(1, LARGEST)


def test_the_table_s_names_are_the_kinds_own() -> None:
    assert {name: kind.name for name, kind in TABLE.items()} == {name: name for name in TABLE}


@example("hypercorn-h2", [100, 1])
@given(st.sampled_from(sorted(TABLE)), st.lists(SIZES, min_size=2, max_size=2))
def test_a_spec_survives_the_round_trip(name: str, sizes: list[int]) -> None:
    wanted = sizes[: len(TABLE[name].sizes)]
    spec = name + (":" + "x".join(map(str, wanted)) if wanted else "")
    server = parse(spec)
    assert server.spec == spec or (server.spec == name and server == parse(name))
    assert parse(server.spec) == server


@pytest.mark.parametrize(
    ("spec", "model", "capacity", "workers"),
    [
        ("werkzeug-threaded", "threads", None, 1),
        ("werkzeug-single", "single", 1, 1),
        ("werkzeug-forking:3", "processes", 3, 1),
        ("gunicorn-sync:4", "processes", 4, 4),
        ("gunicorn-gthread:2x4", "threads", 8, 2),
        ("gunicorn-gevent:2", "greenlets", None, 2),
        ("gevent", "greenlets", None, 1),
        ("waitress:3", "threads", 3, 1),
        ("sanic:4", "event-loop", None, 4),
        ("uvicorn", "event-loop", None, 1),
        ("hypercorn-h2", "event-loop", None, 1),
        ("hypercorn-h2:3", "event-loop", None, 1),
    ],
)
def test_what_a_name_means(spec: str, model: str, capacity: int | None, workers: int) -> None:
    server = parse(spec)
    assert (server.model, server.capacity, server.workers) == (model, capacity, workers)


@given(st.sampled_from(sorted(TABLE)), st.lists(SIZES, min_size=2, max_size=2), st.integers(1, 10_000))
def test_a_wider_server_is_wide_enough(name: str, sizes: list[int], n: int) -> None:
    wanted = sizes[: len(TABLE[name].sizes)]
    server = parse(name + (":" + "x".join(map(str, wanted)) if wanted else ""))
    wider = server.wider(n)
    if wider is None:
        assert n > LARGEST
        assert server.capacity is not None
        assert server.capacity < n
    else:
        capacity = parse(wider).capacity
        assert capacity is None or capacity >= n


@pytest.mark.parametrize(
    ("spec", "n", "wider"),
    [
        ("gunicorn-sync:4", 10, "gunicorn-sync:10"),
        ("gunicorn-sync:4", 4, "gunicorn-sync:4"),
        ("gunicorn-gthread:2x4", 10, "gunicorn-gthread:2x10"),
        ("werkzeug-single", 10, "werkzeug-threaded"),
        ("gevent", 10, "gevent"),
    ],
)
def test_wider_keeps_the_kind(spec: str, n: int, wider: str) -> None:
    assert parse(spec).wider(n) == wider


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("gunicorn", "did you mean gunicorn-"),
        ("werkzeug-thread", "did you mean werkzeug-threaded?"),
        ("", "Choose one of werkzeug-threaded,"),
        ("gunicorn-sync:0", "from 1 to 256"),
        ("gunicorn-sync:257", "from 1 to 256"),
        ("gunicorn-sync:", "gunicorn-sync:4"),
        ("gunicorn-sync:-1", "gunicorn-sync:4"),
        ("gunicorn-sync:2x2", "takes 1 size"),
        ("gunicorn-gthread:2", "gunicorn-gthread:2x4"),
        ("gevent:4", "takes no size"),
    ],
)
def test_a_wrong_spec_is_refused_with_a_hint(spec: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        parse(spec)


@given(st.text().filter(lambda text: text.strip().partition(":")[0] not in TABLE))
def test_any_other_text_is_refused_with_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        parse(text)
