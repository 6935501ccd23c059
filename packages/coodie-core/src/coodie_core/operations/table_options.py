"""Which options of a table differ from what its model says, whatever the words are in which a server keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from coodie_core.results import Drift

#: Older names of parts of options, and what servers call them now.
_OTHER_NAMES = {"sstable_compression": "class", "chunk_length_kb": "chunk_length_in_kb", "class_name": "class"}
#: Options that are words, which servers write in their own way: ``99PERCENTILE`` is ``99p``, ``none`` is ``NONE``.
_WORDS = ("speculative_retry", "additional_write_policy", "read_repair", "memtable")
_NUMBER_WITH_UNIT = re.compile(r"([0-9.]+)\s*(p|percentile|ms)", re.IGNORECASE)


def different_options(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of the model that the table has otherwise; those that the model does not name stay."""
    return {
        name: value for name, value in wanted.items() if live.get(name) is not None and not _same(name, value, live)
    }


def unreadable_options(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Drift]:
    """Yield the options of the model that this server does not show, so that nobody can tell whether they differ."""
    for name, value in wanted.items():
        if live.get(name) is None:
            yield Drift(
                "option",
                name,
                f"the model has {value!r}, and the server does not show what the table has. It is given when the table "
                f"is created; after that, change it with ALTER TABLE.",
            )


def _same(name: str, wanted: Any, live: Mapping[str, Any]) -> bool:
    existing = live[name]
    if isinstance(wanted, Mapping) and isinstance(existing, Mapping):
        return _parts(wanted).items() <= _parts(existing).items()  # pyright: ignore[reportUnknownArgumentType]
    if name in _WORDS:
        return _word(wanted) == _word(existing)
    return bool(wanted == existing)


def _parts(option: Mapping[Any, Any]) -> dict[str, str | float]:
    """Return the parts of an option by their present names; the server adds those that are not given."""
    return {_OTHER_NAMES.get(str(name), str(name)): _part(value) for name, value in option.items()}


def _part(value: Any) -> str | float:
    """Return a part as a value: 4, "4" and 4.0 are one, as are a class's short and long name."""
    text = str(value).rpartition(".")[2] if re.fullmatch(r"[A-Za-z]\w*(\.\w+)+", str(value)) else str(value)
    try:
        return float(text)
    except ValueError:
        return text.casefold()


def _word(value: Any) -> str | tuple[float, str]:
    number = _NUMBER_WITH_UNIT.fullmatch(str(value))
    return (float(number[1]), number[2][0].casefold()) if number else str(value).casefold()
