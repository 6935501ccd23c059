"""Where decisions become actions: the one place that sends what an operation asks for."""

from __future__ import annotations

from typing import TypeVar

from coodie_aio.drivers.base import Driver
from coodie_aio.drivers.hooks import call_hook
from coodie_core.operation import HookCall, Operation

T = TypeVar("T")


async def run(operation: Operation[T], driver: Driver) -> T:
    """Return the result of *operation*, with *driver* answering its requests, and hooks called where it asks for that.

    An error of the driver, or a cancellation, is raised inside the operation at the ``yield`` that asked, so that the
    operation can explain it or clean up, and the traceback names it.

    Args:
        operation: A generator of core that was not started yet.
        driver: Who answers.
    """
    try:
        request = next(operation)
        while True:
            try:
                answer = await (call_hook(request) if isinstance(request, HookCall) else driver.execute(request))
            except BaseException as error:
                request = operation.throw(error)
            else:
                request = operation.send(answer)
    except StopIteration as finished:
        return finished.value  # type: ignore[no-any-return]  # a generator's result is not typed in StopIteration
    finally:
        operation.close()
