"""A budget of time for several calls."""

from __future__ import annotations

from time import monotonic

from coodie_core.deadlines import Deadline


def deadline(seconds: float) -> Deadline:
    """Open a block in which everything together takes at most *seconds*.

    The budget is one for all that needs the cluster inside the block: connecting (also by `init_coodie`), preparing,
    every page and every attempt. A request gets what is left of it, or its own ``timeout=`` where that is shorter.
    Inside another deadline it never ends later than the outer one. It holds for tasks that are started inside the
    block, and for nothing outside of it. Closing a connection takes the time it needs.

    Args:
        seconds: The budget, from the beginning of the block on.

    Returns:
        The block. Its ``remaining()`` tells the seconds that are left.

    Raises:
        InvalidQueryError: *seconds* is not a number above 0.
        DeadlineExceeded: By the calls inside: the budget is used up. Where that was before anything was sent,
            ``applied`` is False.

    Example:
        ```python
        async with deadline(0.25):
            user = await User.get(id=user_id)
            orders = await Order.find(user_id=user_id).all()
        ```
    """
    return Deadline(seconds, monotonic)
