"""Where the next page begins, as text for strangers: encrypted, and of use for one query and one principal only."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import import_module
from math import isfinite
from struct import Struct
from typing import Any, NamedTuple

from coodie_core.exceptions import ConfigurationError, InvalidPagingToken

#: What is sealed; another format gets another number, so that old tokens are refused as a whole.
_PURPOSE = b"coodie paging token 1"
_KEY_BYTES = 32
_DIGEST_BYTES = 16
#: In front of the paging state: when the token was made, in seconds since 1970, and the two digests.
_HEAD = Struct(f">q{_DIGEST_BYTES}s{_DIGEST_BYTES}s")

_MAKE_ONE = "python -c 'from coodie_core.paging_tokens import PagingTokens; print(PagingTokens.new_key())'"


class Binding(NamedTuple):
    """What a token is bound to.

    Attributes:
        query: 16 bytes that stand for the query.
        principal: 16 bytes that stand for who may go on reading.
    """

    query: bytes
    principal: bytes


def _now() -> float:
    return datetime.now(UTC).timestamp()


class PagingTokens:
    """Makes `PagedResult.next_token`, and reads it in `QuerySet.page`; for `init_coodie(paging_tokens=...)`.

    It needs the extra ``tokens``: ``pip install 'coodie[tokens]'``, or that of ``coodie-aio`` or ``coodie-sync``.

    Args:
        key: What `new_key` gave; keep it where you keep passwords. Of several, the first makes tokens, and all read
            them: to change the key, add a new one behind it in every process, then put that in front, and take the old
            one out after *max_age*.
        max_age: Seconds for which a token can be used. Each page has a new one, so a walk may take longer than that.
        clock: Gives the seconds since 1970; for tests.

    Raises:
        ConfigurationError: A key is none, *max_age* is no number above 0, or the extra is not installed.

    Example:
        ```python
        from coodie.paging_tokens import PagingTokens

        tokens = PagingTokens(os.environ["PAGING_KEY"], max_age=3600)
        await init_coodie(hosts=["10.0.0.1"], keyspace="shop", paging_tokens=tokens)
        ```
    """

    def __init__(self, key: str | Sequence[str], *, max_age: float = 3600, clock: Callable[[], float] = _now) -> None:
        self._keys: tuple[bytes, ...] = _checked_keys(key)
        self._max_age: float = _checked_age(max_age)
        self._clock: Callable[[], float] = clock
        self._sealing: Any = _sealing()

    @staticmethod
    def new_key() -> str:
        """Return a new key, as 43 characters for an environment variable or a store of secrets.

        Example:
            >>> len(PagingTokens.new_key())
            43
        """
        return _text_of(secrets.token_bytes(_KEY_BYTES))

    def seal(self, paging_state: bytes, binding: Binding) -> str:
        """Return the token of *paging_state*: letters, digits, ``-`` and ``_``, which need no quoting in a URL.

        Args:
            paging_state: Where the next page begins.
            binding: The query and the principal that may use it.
        """
        message = _HEAD.pack(int(self._clock()), *binding) + paging_state
        return _text_of(self._sealing.seal(self._keys[0], message, _PURPOSE))

    def open(self, token: str, binding: Binding) -> bytes:
        """Return the paging state that *token* holds.

        Args:
            token: What a client gave back.
            binding: The query and the principal that want to use it.

        Raises:
            InvalidPagingToken: It was not made with one of these keys, not for them, or too long ago.
        """
        message = self._message(token)
        if message is None:
            raise InvalidPagingToken("forged")
        made_at, query, principal = _HEAD.unpack_from(message)
        if query != binding.query:
            raise InvalidPagingToken("other query")
        if principal != binding.principal:
            raise InvalidPagingToken("other principal")
        if abs(self._clock() - made_at) > self._max_age:  # a clock may also have been ahead
            raise InvalidPagingToken("expired")
        return message[_HEAD.size :]

    def _message(self, token: str) -> bytes | None:
        sealed = _bytes_of(token)
        if sealed is None:
            return None
        messages = (self._sealing.unseal(key, sealed, _PURPOSE) for key in self._keys)
        return next((message for message in messages if message is not None), None)

    def __repr__(self) -> str:
        return f"<PagingTokens of {len(self._keys)} keys, max_age={self._max_age}>"


def checked_paging_tokens(tokens: PagingTokens | None) -> PagingTokens | None:
    """Return what `init_coodie` was given.

    Raises:
        ConfigurationError: It is something else, such as the key itself.
    """
    if tokens is not None and not isinstance(tokens, PagingTokens):
        raise ConfigurationError(
            f"init_coodie(paging_tokens={type(tokens).__name__}): give PagingTokens(key), from coodie.paging_tokens."
        )
    return tokens


def no_key(asked: str) -> ConfigurationError:
    """Return the error for what needs a key where there is none."""
    return ConfigurationError(
        f"{asked}: the connection has no key for paging tokens. Open it with init_coodie(..., "
        f"paging_tokens=PagingTokens(key)); PagingTokens.new_key() makes a key, once, which you keep where you keep "
        f"passwords. In code that you trust, use paging_state."
    )


def _sealing() -> Any:
    try:
        return import_module("coodie_core.sealing")
    except ImportError as error:
        raise ConfigurationError(
            "PagingTokens(): the package 'cryptography' is missing. Install the extra 'tokens': "
            "pip install 'coodie[tokens]', or 'coodie-aio[tokens]', or 'coodie-sync[tokens]'."
        ) from error


def _checked_keys(given: str | Sequence[str]) -> tuple[bytes, ...]:
    texts: Sequence[Any] = given if isinstance(given, list | tuple) else (given,)
    if not texts:
        raise ConfigurationError(f"PagingTokens([]): give at least one key. This makes one: {_MAKE_ONE}")
    return tuple(_checked_key(text) for text in texts)


def _checked_key(text: object) -> bytes:
    key = _bytes_of(text.strip()) if isinstance(text, str) else None
    if key is None or len(key) != _KEY_BYTES:
        raise ConfigurationError(
            f"PagingTokens({'...' if isinstance(text, str) else type(text).__name__}): this is no key, which is 43 "
            f"characters from PagingTokens.new_key(). This makes one: {_MAKE_ONE}"
        )
    return key


def _checked_age(seconds: object) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not isfinite(seconds) or seconds <= 0:
        raise ConfigurationError(f"PagingTokens(max_age={seconds!r}): give a number of seconds above 0.")
    return seconds


def _text_of(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes_of(text: str) -> bytes | None:
    """Return what *text* stands for, or None if it is not exactly what `_text_of` makes."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return data if _text_of(data) == text else None
