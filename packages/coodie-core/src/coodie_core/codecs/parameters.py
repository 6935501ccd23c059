"""Values of raw CQL, where no column is known."""

from __future__ import annotations

from datetime import time, timedelta
from enum import Enum
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from coodie_core.codecs.codec import Codec, codec_for
from coodie_core.codecs.scalars import SCALARS
from coodie_core.types import cql_type

#: What has one form only, whatever the column is.
_BY_CLASS = {
    kind: SCALARS[name, kind].encode
    for name, kind in (("text", str), ("time", time), ("duration", timedelta), ("inet", IPv6Address))
}
_PASSED_ON = frozenset({int, float, bool, bytes, UUID, type(None)})


def encode_param(value: Any) -> Any:
    """Return a value of `execute_raw` as the driver takes it, by its own class.

    A datetime is passed on as it is: a naive one is UTC to the driver, as in any raw CQL.

    Raises:
        UnstorableValue: No column can hold it.
    """
    kind = value.__class__
    if kind in _PASSED_ON:
        return value
    if kind in _BY_CLASS:
        return _BY_CLASS[kind](value)
    if isinstance(value, Enum):
        return encode_param(value.value)
    if isinstance(value, BaseModel):
        return _encode_model(value)
    if hasattr(value, "unicode_string"):  # Pydantic's Urls have no public class in common
        return str(value)
    if hasattr(value, "get_secret_value"):
        return encode_param(value.get_secret_value())
    if kind in (list, tuple, set, frozenset):
        return tuple(map(encode_param, value))
    if kind is dict:
        return {encode_param(key): encode_param(item) for key, item in value.items()}
    return value


def _encode_model(value: BaseModel) -> Any:
    encode = _codec_of_model(type(value)).encode
    return value if encode is None else encode(value)


@lru_cache(maxsize=1024)
def _codec_of_model(model: type[BaseModel]) -> Codec:
    return codec_for(model, (), cql_type(model))
