"""The nearest name, for errors about a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the known name most like *name*, or an empty text.

    Example:
        >>> nearest("emial", ["id", "email"])
        " (did you mean 'email'?)"
    """
    from difflib import get_close_matches  # for errors only

    matches = get_close_matches(str(name), list(known), n=1)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
