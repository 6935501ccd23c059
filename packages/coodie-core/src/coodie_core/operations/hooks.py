"""The methods that users write to have a document do something before and after its writes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from coodie_core.batch import BaseBatch
from coodie_core.document import BaseDocument
from coodie_core.operation import HookCall, Operation
from coodie_core.results import LWTResult

F = TypeVar("F", bound=Callable[..., Any])


def does_nothing(method: F) -> F:
    """Mark a hook of the base class, which need not be called."""
    _EMPTY.add(method)
    return method


_EMPTY: set[Callable[..., Any] | None] = {None}


def with_hooks(
    document: BaseDocument, event: str, write: Operation[LWTResult], batch: BaseBatch | None, *arguments: Any
) -> Operation[LWTResult]:
    """Carry out *write* between the document's hooks.

    The first runs before anything of the document is looked at. The second runs once the write is confirmed: after a
    refused one it does not, and of a write in a batch it runs after the batch was sent.

    Args:
        document: The document.
        event: ``"save"``, ``"update"`` or ``"delete"``.
        write: The operation, not started yet.
        batch: The batch that the write is added to, if there is one.
        *arguments: What both hooks are called with.
    """
    before, after = _HOOKS[event]
    model = type(document)
    if getattr(model, before, None) in _EMPTY and getattr(model, after, None) in _EMPTY:
        return write  # as it is, without a generator around it
    return _between_hooks(document, before, after, write, batch, arguments)


_HOOKS = {event: (f"before_{event}", f"after_{event}") for event in ("save", "update", "delete")}


def _between_hooks(
    document: BaseDocument,
    before: str,
    after: str,
    write: Operation[LWTResult],
    batch: BaseBatch | None,
    arguments: tuple[Any, ...],
) -> Operation[LWTResult]:
    yield from _call(document, before, arguments)
    result = yield from write
    if batch is not None and _is_written(document, after):
        batch.afterwards(lambda outcome: _call_if_applied(document, after, arguments, outcome))
    else:
        yield from _call_if_applied(document, after, arguments, result)
    return result


def _call_if_applied(
    document: BaseDocument, name: str, arguments: tuple[Any, ...], result: LWTResult
) -> Operation[None]:
    if result.applied:
        yield from _call(document, name, arguments)


def _call(document: BaseDocument, name: str, arguments: tuple[Any, ...]) -> Operation[None]:
    if _is_written(document, name):
        _ = yield HookCall(f"{type(document).__name__}.{name}()", partial(getattr(document, name), *arguments))


def _is_written(document: BaseDocument, name: str) -> bool:
    return getattr(type(document), name, None) not in _EMPTY
