"""Changes of the schema: one by one, in agreement, and beside others who make the same ones."""

from __future__ import annotations

from collections.abc import Callable

from coodie_core.exceptions import AlreadyExists, ClientTimeout, SchemaNotAgreed, ServerRefusedQuery
from coodie_core.operation import Operation
from coodie_core.results import SchemaChanges
from coodie_core.statement import Statement

#: Looks at the database and says what would have to change.
Comparison = Callable[[], Operation[SchemaChanges]]

#: How often the same change is refused before that is believed. Apache Cassandra shows a new column in its tables of
#: the schema a moment before it knows the column itself: of 174 calls beside others, 2 met that moment (5.0.9).
ENOUGH_REFUSALS = 3


def change_schema(cql: str) -> Operation[None]:
    """Send one change, as it is, since preparing it gains nothing; all nodes must know it afterwards.

    Raises:
        SchemaNotAgreed: It took place, but not all nodes know it yet.
    """
    answer = yield Statement(cql, prepared=False)
    if not answer.schema_agreed:
        raise SchemaNotAgreed(
            "The change took place, but the nodes did not agree on the new schema in the driver's time "
            "(max_schema_agreement_wait, 10 seconds unless set). Go on once `nodetool describecluster` shows "
            "one schema version: see which node is down or unreachable.",
            statement=cql,
        )


def carry_out(compare: Comparison, *, dry_run: bool) -> Operation[SchemaChanges]:
    """Change what has to change, and look again until nothing is left; return what ran, or would run.

    Other processes may change the schema at the same time. If the server refuses a change, and something else is to be
    done by then, that is why: go on from there. What ran is not sent again, so this ends. A change whose answer does
    not come in time, as from a server that is busy writing its schema to disk, may have taken place: look for it.
    """
    plan = yield from compare()
    if dry_run:
        return plan
    ran: list[str] = []
    waiting = list(plan)
    refusals = 0
    while waiting:
        try:
            yield from change_schema(waiting[0])
        except (AlreadyExists, ServerRefusedQuery, ClientTimeout) as error:
            plan = yield from compare()
            if isinstance(error, ClientTimeout) and waiting[0] not in plan:
                ran.append(waiting[0])
            refusals = refusals + 1 if _not_in(ran, plan) == waiting else 0
            if refusals == ENOUGH_REFUSALS:
                raise
            waiting = _not_in(ran, plan)
            continue
        refusals = 0
        ran.append(waiting.pop(0))
        if not waiting:
            plan = yield from compare()
            waiting = _not_in(ran, plan)
    return SchemaChanges(ran, plan.drift)


def _not_in(ran: list[str], plan: SchemaChanges) -> list[str]:
    return [change for change in plan if change not in ran]
