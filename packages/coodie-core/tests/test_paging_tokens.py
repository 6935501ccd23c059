"""Paging tokens: only what was made with the key, for the same query and principal, not long ago, is accepted."""

from __future__ import annotations

import random
import re
import string
import subprocess
import sys
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coodie_core.exceptions import ConfigurationError, InvalidPagingToken
from coodie_core.paging_tokens import Binding, PagingTokens

ALICE = Binding(query=b"query".ljust(16), principal=b"alice".ljust(16))
MUTATIONS = 100_000
NOON = 1_800_000_000.0


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def tokens_of(*keys: str, **options: Any) -> PagingTokens:
    return PagingTokens(keys or PagingTokens.new_key(), **options)


def refused(tokens: PagingTokens, token: str, binding: Binding = ALICE) -> str:
    with pytest.raises(InvalidPagingToken) as error:
        tokens.open(token, binding)
    assert str(error.value) == "This paging token cannot be used, or not any more. Begin again with the first page."
    return error.value.reason


@given(st.binary(max_size=300))
def test_a_token_gives_back_the_paging_state(state: bytes):
    tokens = tokens_of()

    assert tokens.open(tokens.seal(state, ALICE), ALICE) == state


@given(st.binary(max_size=300))
def test_a_token_needs_no_quoting_in_a_url(state: bytes):
    assert re.fullmatch(r"[A-Za-z0-9_-]+", tokens_of().seal(state, ALICE))


def test_nothing_of_the_paging_state_can_be_read_in_a_token():
    token = tokens_of().seal(b"alice@example.com" * 3, ALICE)

    data = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert b"alice" not in data
    assert b"example" not in data


def test_the_same_page_has_another_token_each_time():
    tokens = tokens_of()

    assert len({tokens.seal(b"state", ALICE) for _ in range(1000)}) == 1000


class TestRefusals:
    def test_a_token_of_another_key_is_forged(self):
        assert refused(tokens_of(), tokens_of().seal(b"state", ALICE)) == "forged"

    @pytest.mark.parametrize(
        "token", ["", "A", "AAAA", "=", " ", "\n", "é", "\ud800", "\0", "A" * 43, "-_" * 40, "A" * 100_000]
    )
    def test_what_is_no_token_at_all_is_forged(self, token: str):
        assert refused(tokens_of(), token) == "forged"

    def test_a_token_of_another_query(self):
        tokens = tokens_of()

        assert refused(tokens, tokens.seal(b"state", ALICE), ALICE._replace(query=b"!" * 16)) == "other query"

    def test_a_token_of_another_principal(self):
        tokens = tokens_of()

        assert refused(tokens, tokens.seal(b"state", ALICE), ALICE._replace(principal=b"!" * 16)) == "other principal"


class TestAge:
    def test_a_token_can_be_used_until_its_age(self, clock: Clock):
        tokens = tokens_of(max_age=60, clock=clock)
        token = tokens.seal(b"state", ALICE)

        clock.now += 60
        assert tokens.open(token, ALICE) == b"state"
        clock.now += 1
        assert refused(tokens, token) == "expired"

    def test_an_hour_if_nothing_else_is_said(self, clock: Clock):
        tokens = tokens_of(clock=clock)
        token = tokens.seal(b"state", ALICE)

        clock.now += 3600
        assert tokens.open(token, ALICE) == b"state"
        clock.now += 1
        assert refused(tokens, token) == "expired"

    def test_a_clock_that_is_far_ahead_makes_no_token_that_lasts(self, clock: Clock):
        tokens = tokens_of(max_age=60, clock=clock)
        clock.now += 3600
        token = tokens.seal(b"state", ALICE)

        clock.now = NOON
        assert refused(tokens, token) == "expired"

    def test_the_age_is_that_of_who_reads(self, clock: Clock):
        """So that it can be made shorter for tokens that are out already."""
        key = PagingTokens.new_key()
        token = PagingTokens(key, max_age=3600, clock=clock).seal(b"state", ALICE)

        clock.now += 61
        assert refused(PagingTokens(key, max_age=60, clock=clock), token) == "expired"

    def test_the_clock_is_the_systems_if_no_other_is_given(self):
        tokens = tokens_of(max_age=60)

        assert tokens.open(tokens.seal(b"state", ALICE), ALICE) == b"state"


class TestRotation:
    def test_an_older_key_still_reads_and_the_first_one_makes(self):
        old, new = PagingTokens.new_key(), PagingTokens.new_key()
        made_before = PagingTokens(old).seal(b"state", ALICE)

        both = PagingTokens([new, old])

        assert both.open(made_before, ALICE) == b"state"
        assert PagingTokens(new).open(both.seal(b"state", ALICE), ALICE) == b"state"
        assert refused(PagingTokens(old), both.seal(b"state", ALICE)) == "forged"

    def test_a_key_that_was_taken_out_reads_no_more(self):
        old, new = PagingTokens.new_key(), PagingTokens.new_key()
        made_before = PagingTokens(old).seal(b"state", ALICE)

        assert refused(PagingTokens(new), made_before) == "forged"


class TestKeys:
    def test_new_keys_differ(self):
        assert len({PagingTokens.new_key() for _ in range(100)}) == 100

    def test_a_key_from_a_file_may_end_in_a_newline(self):
        key = PagingTokens.new_key()

        assert PagingTokens(f"{key}\n").open(PagingTokens(key).seal(b"state", ALICE), ALICE) == b"state"

    @pytest.mark.parametrize("key", ["", "secret", "A" * 42, "A" * 44, "A" * 43 + "=", b"A" * 43, None, 7, [None]])
    def test_what_is_no_key_is_refused_and_told_where_one_comes_from(self, key: Any):
        with pytest.raises(ConfigurationError, match=r"this is no key, which is 43 characters from .*new_key") as error:
            PagingTokens(key)

        assert "secret" not in str(error.value)

    def test_no_key_at_all_is_refused(self):
        with pytest.raises(ConfigurationError, match=r"PagingTokens\(\[\]\): give at least one key"):
            PagingTokens([])

    @pytest.mark.parametrize("max_age", [0, -1, float("inf"), float("nan"), True, "60", None])
    def test_an_age_that_is_none_is_refused(self, max_age: Any):
        with pytest.raises(ConfigurationError, match="give a number of seconds above 0"):
            PagingTokens(PagingTokens.new_key(), max_age=max_age)

    def test_nobody_reads_the_key_in_a_log(self):
        key = PagingTokens.new_key()

        assert repr(PagingTokens(key)) == "<PagingTokens of 1 keys, max_age=3600>"

    def test_the_command_that_an_error_names_makes_a_key(self):
        with pytest.raises(ConfigurationError) as error:
            PagingTokens("")
        script = str(error.value).partition("python -c '")[2].removesuffix("'")

        made = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

        assert PagingTokens(made.stdout)


# ---------------------------------------------------------------------------------------------------------------------
# Forgery

URL_SAFE = string.ascii_letters + string.digits + "-_"
ODD = "=+/ \n\t\0%é~."


def flip_a_bit(token: str, chance: random.Random) -> str:
    data = bytearray(lenient(token)) or bytearray(1)
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return urlsafe(bytes(data))


def lenient(token: str) -> bytes:
    """What a decoder that skips odd characters makes of it."""
    known = "".join(character for character in token if character in URL_SAFE)
    known = known[: len(known) - (len(known) % 4 == 1)]
    return urlsafe_b64decode(known + "=" * (-len(known) % 4))


def urlsafe(data: bytes) -> str:
    return b64encode(data, b"-_").rstrip(b"=").decode()


def change_a_character(token: str, chance: random.Random) -> str:
    place = chance.randrange(len(token))
    return token[:place] + chance.choice(URL_SAFE + ODD) + token[place + 1 :]


def change_the_last_character(token: str, chance: random.Random) -> str:
    """Some of its bits are no part of the data: a lenient decoder accepts 4 or 16 texts for the same data."""
    return token[:-1] + chance.choice(URL_SAFE)


def cut_off(token: str, chance: random.Random) -> str:
    return token[: chance.randrange(len(token))]


def take_out(token: str, chance: random.Random) -> str:
    start, stop = sorted(chance.sample(range(len(token) + 1), 2))
    return token[:start] + token[stop:]


def insert(token: str, chance: random.Random) -> str:
    place = chance.randrange(len(token) + 1)
    return token[:place] + "".join(chance.choices(URL_SAFE + ODD, k=chance.randint(1, 4))) + token[place:]


def pad(token: str, chance: random.Random) -> str:
    return chance.choice(["", " ", "\n"]) + token + chance.choice(["=", "==", "===", "=A", " ", "\n", "\0", "."])


def swap_two(token: str, chance: random.Random) -> str:
    one, two = sorted(chance.sample(range(len(token)), 2))
    return token[:one] + token[two] + token[one + 1 : two] + token[one] + token[two + 1 :]


def splice_with_another(token: str, chance: random.Random) -> str:
    """The beginning of one token and the end of another, both made with the key."""
    cut = chance.randrange(1, len(token))
    return token[:cut] + chance.choice(OTHERS)[cut:]


def in_other_letters(token: str, chance: random.Random) -> str:
    return chance.choice([token.swapcase(), token[::-1], token * 2, "".join(chance.sample(token, len(token)))])


def anything(token: str, chance: random.Random) -> str:
    return urlsafe(chance.randbytes(chance.randrange(200)))


Mutation = Callable[[str, random.Random], str]
CHANGES: tuple[Mutation, ...] = (
    *(flip_a_bit, change_a_character, change_the_last_character, cut_off, take_out, insert, pad, swap_two),
    *(splice_with_another, in_other_letters, anything),
)
TOKENS = PagingTokens(PagingTokens.new_key())
OTHERS = [TOKENS.seal(bytes([number]) * 44, ALICE) for number in range(20)]


def mutations(chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield a token of the key, and what became of it by one or more changes."""
    for number in range(MUTATIONS):
        token = changed = (
            TOKENS.seal(chance.randbytes(number % 60), ALICE) if number % 100 == 0 else OTHERS[number % 20]
        )
        for change in chance.choices(CHANGES, k=chance.choice([1, 1, 1, 2, 3])):
            changed = change(changed, chance) if len(changed) > 2 else changed
        yield token, changed


def accepted(token: str) -> bool:
    try:
        TOKENS.open(token, ALICE)
    except InvalidPagingToken as error:
        return error.reason != "forged"
    return True


def test_none_of_100_000_mutations_is_accepted():
    """Some changes give back a token that was made with the key; these are counted, and must be accepted."""
    made_with_the_key, forged, wrong = set(OTHERS), 0, list[str]()

    for token, changed in mutations(random.Random(2026)):
        if changed == token or changed in made_with_the_key:
            continue
        forged += 1
        if accepted(changed):
            wrong.append(changed)

    assert wrong == []
    assert forged > 0.95 * MUTATIONS
    assert all(map(accepted, OTHERS))


@pytest.mark.parametrize("length", range(50))
def test_one_token_has_one_text(length: int):
    """Of every length of the data, the last character holds bits that a lenient decoder would not look at."""
    token = TOKENS.seal(b"x" * length, ALICE)

    same = [other for other in (token[:-1] + letter for letter in URL_SAFE) if accepted(other)]

    assert same == [token]


# ---------------------------------------------------------------------------------------------------------------------
# The extra

WITHOUT_CRYPTOGRAPHY = """
import sys
import coodie.aio, coodie.sync, coodie.paging_tokens
print(sorted(name for name in sys.modules if name.partition(".")[0] == "cryptography"))
"""


def test_nothing_but_making_tokens_needs_cryptography():
    loaded = subprocess.run([sys.executable, "-c", WITHOUT_CRYPTOGRAPHY], capture_output=True, text=True, check=True)

    assert loaded.stdout == "[]\n"
