"""An attribution is an exact partition, whatever the claims."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from browserconc.analysis.attribute import attribute
from browserconc.model.finding import UNATTRIBUTED, Claim

instants = st.integers(-50, 150)
claims = st.lists(
    st.builds(Claim, st.sampled_from(["cache-lock", "host-limit", "service"]), instants, instants),
    max_size=12,
)


@given(st.integers(0, 100), st.integers(0, 100), claims)
def test_slices_partition_the_request(start, length, made):
    slices = attribute(start, start + length, made)
    assert sum(piece.duration_ns for piece in slices) == length
    edges = [start, *(piece.end_ns for piece in slices)]
    assert [piece.start_ns for piece in slices] == edges[:-1]
    assert all(piece.duration_ns > 0 for piece in slices)


@given(st.integers(0, 100), st.integers(1, 100), claims)
def test_neighbours_differ_and_belong_to_a_claim(start, length, made):
    slices = attribute(start, start + length, made)
    for left, right in pairwise(slices):
        assert left.cause != right.cause
    for piece in slices:
        covering = [c for c in made if c.start_ns <= piece.start_ns < c.end_ns]
        assert (piece.cause == UNATTRIBUTED) == (not covering)


@given(st.integers(0, 100), st.integers(0, 100), claims, st.integers(-100, 100))
def test_slices_are_told_from_whatever_instant_is_zero(start, length, made, zero):
    plain = attribute(start, start + length, made)
    shifted = attribute(start, start + length, made, zero_ns=zero)
    assert [(s.cause, s.start_ns - zero, s.end_ns - zero, s.because) for s in plain] == [
        (s.cause, s.start_ns, s.end_ns, s.because) for s in shifted
    ]


def test_the_earlier_claim_wins_where_two_overlap():
    slices = attribute(0, 10, [Claim("cache-lock", 2, 6), Claim("host-limit", 4, 9)])
    assert [(s.cause, s.start_ns, s.end_ns) for s in slices] == [
        (UNATTRIBUTED, 0, 2),
        ("cache-lock", 2, 6),
        ("host-limit", 6, 9),
        (UNATTRIBUTED, 9, 10),
    ]
