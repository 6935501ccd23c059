"""The ring of tokens is cut into ranges that are the whole of it, once; and a key is found for each token."""

from __future__ import annotations

from itertools import pairwise

import pytest
from cassandra.metadata import Murmur3Token
from hypothesis import example, given
from hypothesis import strategies as st

from coodie_core.token_ranges import ALL_TOKENS, GREATEST_TOKEN, LEAST_TOKEN, TokenRange, key_with_token, ranges_of

TOKENS = st.integers(LEAST_TOKEN, GREATEST_TOKEN)


@given(TOKENS.filter(lambda token: token != LEAST_TOKEN))
@example(0)
@example(-1)
@example(GREATEST_TOKEN)
@example(LEAST_TOKEN + 1)
def test_the_key_of_a_token_has_that_token_by_the_drivers_hash(token: int):
    assert Murmur3Token.hash_fn(key_with_token(token)) == token


@given(st.lists(TOKENS, max_size=50), st.integers(1, 300))
@example([LEAST_TOKEN, LEAST_TOKEN + 1, GREATEST_TOKEN - 1, GREATEST_TOKEN], 1)
@example([0, 1, 2], 256)
def test_ranges_are_the_whole_ring_once(tokens: list[int], at_least: int):
    ranges = ranges_of(tokens, at_least)

    assert ranges[0].after is None
    assert ranges[-1].up_to is None
    assert all(before.up_to == behind.after for before, behind in pairwise(ranges))
    assert all(each.width > 0 for each in ranges)
    assert sum(each.width for each in ranges) == ALL_TOKENS
    assert len(ranges) >= at_least


@given(st.lists(TOKENS.filter(lambda token: LEAST_TOKEN < token < GREATEST_TOKEN), max_size=50))
def test_every_token_of_a_node_is_an_edge(tokens: list[int]):
    assert set(tokens) <= {each.up_to for each in ranges_of(tokens, at_least=1)}


def test_where_nodes_have_cut_it_enough_it_is_cut_no_further():
    tokens = [step * (ALL_TOKENS // 100) + LEAST_TOKEN for step in range(1, 100)]

    assert len(ranges_of(tokens, at_least=10)) == 100


@pytest.mark.parametrize(
    ("tokens", "width"),
    [(TokenRange(), ALL_TOKENS), (TokenRange(None, LEAST_TOKEN), 1), (TokenRange(GREATEST_TOKEN - 1, None), 1)],
)
def test_the_width_counts_the_tokens_of_a_range(tokens: TokenRange, width: int):
    assert tokens.width == width
