"""Where decisions become actions: the one place that sends what an operation asks for."""

from __future__ import annotations

from typing import Generic, TypeVar

from coodie_aio.drivers.base import Driver
from coodie_aio.drivers.hooks import call_hook
from coodie_aio.drivers.replies import FailedReply, Reply
from coodie_core.exceptions import CoodieError
from coodie_core.operation import HookCall, Operation, Reading

T = TypeVar("T")


async def run(operation: Operation[T], driver: Driver, reply: Reply | None = None) -> T:
    """Return the result of *operation*, with *driver* answering its requests, and hooks called where it asks for that.

    An error of the driver, or a cancellation, is raised inside the operation at the ``yield`` that asked, so that the
    operation can explain it or clean up, and the traceback names it.

    Args:
        operation: A generator of core that was not started yet.
        driver: Who answers.
        reply: Of an operation that was begun, the answer under way to what it asked.
    """
    try:
        request = next(operation) if reply is None else reply
        while True:
            try:
                answer = await (
                    call_hook(request)
                    if isinstance(request, HookCall)
                    else request.answer()
                    if isinstance(request, Reply)
                    else driver.execute(request)
                )
            except BaseException as error:
                request = operation.throw(error)
            else:
                request = operation.send(answer)
    except StopIteration as finished:
        return finished.value  # type: ignore[no-any-return]  # a generator's result is not typed in StopIteration
    finally:
        operation.close()


class Begun(Generic[T]):
    """An operation whose first request was sent. One that is dropped leaves nothing behind.

    Args:
        operation: The generator, which waits for the answer.
        driver: Who answers.
        reply: The answer under way.
    """

    def __init__(self, operation: Operation[T], driver: Driver, reply: Reply) -> None:
        self._operation = operation
        self._driver = driver
        self._reply = reply

    async def result(self) -> T:
        """Return the operation's result, or raise what went wrong since it was begun."""
        return await run(self._operation, self._driver, self._reply)


async def begin(operation: Reading[T] | None, driver: Driver) -> Begun[T] | None:
    """Send the first request of *operation*, and leave its answer for later.

    Args:
        operation: A generator of core that was not started yet; or None, of which nothing becomes.
        driver: Who answers.
    """
    if operation is None:
        return None
    try:
        reply = await driver.send(next(operation))
    except CoodieError as error:
        reply = FailedReply(error)
    return Begun(operation, driver, reply)
