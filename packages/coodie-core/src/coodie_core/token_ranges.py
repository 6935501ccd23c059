"""The ring of tokens: cut into ranges, and found again in a partition key that has a given token.

Only the ``Murmur3Partitioner`` is known here, the default of both servers. Its tokens are signed numbers of 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

#: The name of the partitioner ends with this on both servers.
KNOWN_PARTITIONER = "Murmur3Partitioner"

LEAST_TOKEN = -(2**63)
GREATEST_TOKEN = 2**63 - 1
ALL_TOKENS = 2**64


class TokenRange(NamedTuple):
    """The tokens after *after*, up to and including *up_to*.

    Attributes:
        after: None for the beginning of the ring: the least token belongs to the range.
        up_to: None for the end of the ring.
    """

    after: int | None = None
    up_to: int | None = None

    @property
    def width(self) -> int:
        """How many tokens there are in it."""
        after = LEAST_TOKEN - 1 if self.after is None else self.after
        return (GREATEST_TOKEN if self.up_to is None else self.up_to) - after


def ranges_of(tokens: Iterable[int], at_least: int) -> list[TokenRange]:
    """Cut the ring at *tokens*, and the widest ranges further, so that there are *at_least* so many.

    Between two tokens of nodes, all rows are on the same nodes. Together the ranges are the whole ring, once.

    Example:
        >>> ranges_of([0], at_least=2)
        [TokenRange(after=None, up_to=0), TokenRange(after=0, up_to=None)]
    """
    cuts = sorted({token for token in tokens if LEAST_TOKEN < token < GREATEST_TOKEN})
    edges = [None, *cuts, None]
    ranges = [TokenRange(after, up_to) for after, up_to in pairwise(edges)]
    return [piece for whole in ranges for piece in _cut(whole, -(-(whole.width - 1) * at_least // ALL_TOKENS))]


def _cut(whole: TokenRange, pieces: int) -> Sequence[TokenRange]:
    begin = LEAST_TOKEN - 1 if whole.after is None else whole.after
    inner = sorted({begin + whole.width * number // pieces for number in range(1, pieces)} - {begin})
    return [TokenRange(after, up_to) for after, up_to in pairwise([whole.after, *inner, whole.up_to])]


def key_with_token(token: int) -> bytes:
    """Return a partition key, as it is serialized, whose token is *token*: drivers find a token's nodes by a key.

    Murmur3 mixes a key of 16 bytes so that each step can be undone. Of the many keys with a token, this is the one
    with which the second half of the hash is 0 before the halves are added. A test compares with the driver's hash.

    Args:
        token: Any but the least one, which no key has.
    """
    mixed = _without_final_mix(token & _64_BITS)
    first, second = (2 * mixed & _64_BITS) ^ 16, (-mixed & _64_BITS) ^ 16  # 16 is the key's length
    k2 = _rotated_right((_times(second - 0x38495AB5, _INVERSE_OF_5) - first) & _64_BITS, 31)
    k2 = _times(_rotated_right(_times(k2, _INVERSE_OF_C1), 33), _INVERSE_OF_C2)
    k1 = _rotated_right(_times(first - 0x52DCE729, _INVERSE_OF_5), 27)
    k1 = _times(_rotated_right(_times(k1, _INVERSE_OF_C2), 31), _INVERSE_OF_C1)
    return k1.to_bytes(8, "little") + k2.to_bytes(8, "little")


_64_BITS = 2**64 - 1

#: Inverses, modulo 2**64, of the factors of MurmurHash3_x64_128.
_INVERSE_OF_5 = pow(5, -1, 2**64)
_INVERSE_OF_C1 = pow(0x87C37B91114253D5, -1, 2**64)
_INVERSE_OF_C2 = pow(0x4CF5AD432745937F, -1, 2**64)
_INVERSES_OF_FINAL_MIX = (pow(0xC4CEB9FE1A85EC53, -1, 2**64), pow(0xFF51AFD7ED558CCD, -1, 2**64))


def _without_final_mix(number: int) -> int:
    for inverse in _INVERSES_OF_FINAL_MIX:
        number = _times(number ^ number >> 33, inverse)
    return number ^ number >> 33


def _times(number: int, factor: int) -> int:
    return number * factor & _64_BITS


def _rotated_right(number: int, bits: int) -> int:
    return (number >> bits | number << (64 - bits)) & _64_BITS
