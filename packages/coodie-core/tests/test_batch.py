"""Batches: what fits together, and that a batch is sent once or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import pytest

from coodie_core.batch import BaseBatch, BatchState
from coodie_core.consistency import ConsistencyLevel
from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError, WriteTimeout
from coodie_core.fields import Counter, PrimaryKey
from coodie_core.operations import counters, documents
from coodie_core.operations.batches import discard, send
from coodie_core.options import WriteOptions
from coodie_core.results import LWTResult
from coodie_core.schema import TableKind
from coodie_core.statement import BatchKind, BatchStatement, ExecutionOptions, Statement

NOW = WriteOptions()


class User(BaseDocument):
    id: Annotated[int, PrimaryKey()]
    name: str = ""


class Report(BaseDocument):
    id: Annotated[int, PrimaryKey()]

    class Settings:
        connection = "reports"


class Named(BaseDocument):
    id: Annotated[int, PrimaryKey()]

    class Settings:
        connection = "default"


class AsyncUser(BaseDocument):
    __coodie_api__ = "coodie.aio"
    id: Annotated[int, PrimaryKey()]


class SyncBatch(BaseBatch):
    api = "coodie.sync"


class Page(BaseDocument):
    __coodie_kind__ = TableKind.COUNTER
    url: Annotated[str, PrimaryKey()]
    views: Annotated[int, Counter()] = 0


INSERT = Statement('INSERT INTO "ks"."user" ("id", "name") VALUES (?, ?)', (1, "Al"), idempotent=True)
UPDATE = Statement("UPDATE ks.user SET name = ? WHERE id = ?", ("Bob", 1))


def save(start, batch, document=None) -> None:
    start(documents.save(document or User(id=1, name="Al"), "ks", NOW, batch))


def increment(start, batch) -> None:
    start(counters.change(Page(url="/"), "ks", {"views": 1}, NOW, batch))


def test_all_writes_are_one_request_in_their_order(start):
    batch = BaseBatch()
    save(start, batch)
    batch.add("UPDATE ks.user SET name = ? WHERE id = ?", ["Bob", 1])

    conversation = start(send(batch))

    assert conversation.requests == [BatchStatement((INSERT, UPDATE))]
    assert conversation.answer().result is None


def test_options_are_those_of_the_batch(start):
    batch = BaseBatch(logged=False, timestamp=datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), consistency="ONE", timeout=3)
    save(start, batch)

    assert start(send(batch)).request == BatchStatement(
        (INSERT,), BatchKind.UNLOGGED, ExecutionOptions(ConsistencyLevel.ONE, timeout=3), 1_000_000
    )


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({}, BatchKind.LOGGED),
        ({"logged": False}, BatchKind.UNLOGGED),
        ({"batch_type": "unlogged"}, BatchKind.UNLOGGED),
        ({"batch_type": "LOGGED", "logged": False}, BatchKind.LOGGED),
    ],
)
def test_kinds_of_batches(start, arguments, kind):
    batch = BaseBatch(**arguments)
    save(start, batch)

    assert start(send(batch)).request.kind is kind


def test_an_empty_batch_sends_nothing(start):
    batch = BaseBatch()

    assert start(send(batch)).requests == []
    assert not batch.is_open


def test_values_of_raw_cql_become_the_drivers():
    class Colour(StrEnum):
        RED = "red"

    batch = BaseBatch()
    batch.add("INSERT INTO ks.user (id, colour) VALUES (?, ?)", [1, Colour.RED])

    assert batch.closed_as(BatchState.SENT).statements[0].params == (1, "red")


class TestConditions:
    def test_the_result_tells_whether_they_held(self, start):
        batch = BaseBatch()
        start(documents.insert(User(id=1), "ks", NOW, batch))
        before = batch.result

        start(send(batch)).answer((True,), columns=("[applied]",))

        assert (before, batch.result) == (None, LWTResult(applied=True))

    def test_the_result_has_the_first_row_that_was_found_in_plain_values(self, start):
        batch = BaseBatch()
        start(documents.insert(User(id=1), "ks", NOW, batch))

        start(send(batch)).answer(
            (False, 1, datetime(2026, 11, 23)), (False, 2, None), columns=("[applied]", "id", "at")
        )

        assert batch.result == LWTResult(False, {"id": 1, "at": datetime(2026, 11, 23, tzinfo=UTC)})

    def test_without_conditions_there_is_no_result(self, start):
        batch = BaseBatch()
        save(start, batch)

        start(send(batch)).answer()

        assert batch.result is None


class TestOnce:
    @pytest.mark.parametrize(
        ("ended", "state"),
        [
            (lambda start, batch: start(send(batch)).answer(), "sent"),
            (lambda start, batch: discard(batch), "discarded"),
        ],
        ids=["sent", "discarded"],
    )
    def test_a_batch_that_has_ended_takes_no_more_and_is_not_sent_again(self, start, ended, state):
        batch = BaseBatch()
        save(start, batch)
        ended(start, batch)

        with pytest.raises(InvalidQueryError) as adding:
            save(start, batch)
        with pytest.raises(InvalidQueryError) as sending:
            start(send(batch))

        assert str(adding.value) == f"BaseBatch.add(): this batch was {state} already. Open a new one."
        assert str(sending.value) == f"BaseBatch.execute(): this batch was {state} already. Open a new one."

    def test_a_batch_that_failed_is_not_sent_again(self, start):
        """It may have taken place."""
        batch = BaseBatch()
        save(start, batch)
        with pytest.raises(WriteTimeout):
            start(send(batch)).fail(WriteTimeout("too slow"))

        with pytest.raises(InvalidQueryError, match="this batch was sent already"):
            start(send(batch))

    def test_discarding_after_sending_does_nothing(self, start):
        batch = BaseBatch()
        start(send(batch))

        discard(batch)

        assert repr(batch) == "<BaseBatch: LOGGED, 0 statements, sent>"


class TestConnections:
    def test_a_batch_goes_to_the_connection_of_its_documents(self, start):
        batch = BaseBatch()
        save(start, batch, Report(id=1))

        assert batch.connection == "reports"

    def test_documents_of_two_connections_are_refused(self, start):
        batch = BaseBatch()
        save(start, batch, Report(id=1))

        with pytest.raises(InvalidQueryError) as refused:
            save(start, batch)

        assert str(refused.value) == (
            "BaseBatch: a batch goes to one connection, and this write is for 'default' while the batch goes to "
            "'reports'. Use a batch for each connection."
        )
        assert len(batch) == 1

    def test_a_document_of_another_connection_than_the_batchs_is_refused(self, start):
        with pytest.raises(InvalidQueryError, match="this write is for 'reports' while the batch goes to 'archive'"):
            save(start, BaseBatch(connection="archive"), Report(id=1))

    def test_the_default_connection_may_be_named(self, start):
        for batch in (BaseBatch(connection="default"), BaseBatch()):
            save(start, batch)
            save(start, batch, Named(id=1))

            assert len(batch) == 2

    def test_a_document_of_the_other_api_is_refused(self, start):
        with pytest.raises(InvalidQueryError) as refused:
            save(start, SyncBatch(), AsyncUser(id=1))

        assert str(refused.value) == (
            "AsyncUser is a document of coodie.aio, and this SyncBatch is one of coodie.sync. Use the batch of "
            "coodie.aio: each API sends through connections of its own."
        )

    def test_raw_cql_goes_where_the_batch_goes(self, start):
        batch = BaseBatch(connection="reports")
        batch.add("DELETE FROM report WHERE id = ?", [1])
        save(start, batch, Report(id=1))

        assert (batch.connection, len(batch)) == ("reports", 2)


class TestCounters:
    def test_counter_updates_make_a_counter_batch(self, start):
        batch = BaseBatch()
        increment(start, batch)
        increment(start, batch)

        assert start(send(batch)).request.kind is BatchKind.COUNTER

    @pytest.mark.parametrize("steps", [(increment, save), (save, increment)])
    def test_they_do_not_mix_with_other_writes(self, start, steps):
        batch = BaseBatch()
        steps[0](start, batch)

        with pytest.raises(InvalidQueryError) as refused:
            steps[1](start, batch)

        assert str(refused.value) == (
            "BaseBatch: counter updates and other writes cannot be in one batch. Use a batch for each."
        )
        assert len(batch) == 1

    def test_a_counter_batch_refuses_other_writes_from_the_beginning(self, start):
        with pytest.raises(InvalidQueryError, match="a counter batch holds counter updates only"):
            save(start, BaseBatch(batch_type="COUNTER"))

    def test_a_counter_batch_takes_raw_counter_updates(self, start):
        batch = BaseBatch(batch_type="COUNTER")
        batch.add("UPDATE page SET views = views + ? WHERE url = ?", [1, "/"])
        increment(start, batch)

        assert len(start(send(batch)).request.statements) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"batch_type": "FAST"},
            "batch_type='FAST': there is no such kind of batch. Use LOGGED, UNLOGGED, COUNTER.",
        ),
        ({"consistency": "MANY"}, "consistency='MANY': there is no such consistency level"),
        ({"timeout": -1}, "timeout=-1: give a number of seconds above 0."),
        ({"timestamp": 1.5}, "timestamp=1.5: give microseconds since 1970, or an aware datetime."),
    ],
)
def test_arguments_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(InvalidQueryError) as refused:
        BaseBatch(**arguments)

    assert str(refused.value).startswith(message)


def test_an_empty_batch_is_still_a_batch():
    """`if batch:` asks whether there is one."""
    assert BaseBatch()
