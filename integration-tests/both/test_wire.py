"""What goes over the wire the short way is what the driver's own way sends and reads. No server is needed for that."""

from __future__ import annotations

import asyncio
import gc
import io
import threading
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any
from weakref import ref

import pytest
from cassandra.connection import segment_codec_lz4, segment_codec_no_compression
from cassandra.cqltypes import Int32Type, UTF8Type
from cassandra.protocol import BatchMessage, ColumnMetadata, ExecuteMessage, ProtocolHandler
from cassandra.protocol_features import ProtocolFeatures
from cassandra.query import UNSET_VALUE, BatchType, BoundStatement, PreparedStatement
from cassandra.segment import CrcException
from hypothesis import given
from hypothesis import strategies as st

from coodie_aio.drivers.mailboxes import MOST_TOGETHER, Mailbox, mailbox_of

APIS = ["coodie_aio", "coodie_sync"]


@pytest.fixture(params=APIS)
def wire(request: pytest.FixtureRequest) -> Callable[[str], ModuleType]:
    """The modules of the wire, by their names."""
    return lambda name: import_module(f"{request.param}._wire.{name}")


# -- frames --------------------------------------------------------------------------------------------------------

VALUES = st.lists(st.none() | st.just(UNSET_VALUE) | st.binary(max_size=300), max_size=5)
LEVELS = st.integers(0, 10)
SERIAL = st.none() | st.sampled_from([8, 9])
MICROSECONDS = st.none() | st.integers(0, 2**63 - 1)
SHORT = st.binary(max_size=20)

EXECUTED = st.builds(
    ExecuteMessage,
    query_id=SHORT,
    query_params=VALUES,
    consistency_level=LEVELS,
    serial_consistency_level=SERIAL,
    fetch_size=st.none() | st.integers(0, 2**31 - 1),
    paging_state=st.none() | SHORT,
    timestamp=MICROSECONDS,
    skip_meta=st.booleans(),
    result_metadata_id=st.none() | SHORT,
    tablet_version_block=st.none() | st.integers(0, 255),
)
BATCHES = st.builds(
    BatchMessage,
    batch_type=st.sampled_from([BatchType.LOGGED, BatchType.UNLOGGED, BatchType.COUNTER]),
    queries=st.lists(
        st.tuples(st.just(True), SHORT, VALUES) | st.tuples(st.just(False), st.text(), VALUES), max_size=4
    ),
    consistency_level=LEVELS,
    serial_consistency_level=SERIAL,
    timestamp=MICROSECONDS,
)
FEATURES = st.builds(ProtocolFeatures, use_metadata_id=st.booleans(), tablets_routing_v2=st.booleans())


@given(EXECUTED | BATCHES, FEATURES, st.sampled_from([4, 5]), st.integers(0, 2**15 - 1), st.booleans())
@pytest.mark.parametrize("api", APIS)
def test_a_request_has_the_same_bytes(
    api: str, message: Any, features: Any, version: int, stream: int, has_payload: bool
) -> None:
    if has_payload:
        message.update_custom_payload({"key": b"value"})
    arguments = (message, stream, version, None, False, features)

    frame = import_module(f"{api}._wire.frames").QuickFrames.encode_message(*arguments)

    assert frame == ProtocolHandler.encode_message(*arguments)


def test_the_installed_driver_is_one_that_the_short_way_fits(wire: Callable[[str], ModuleType]) -> None:
    session = _Session()

    wire("fast_path").use_quick_frames(session)

    assert session.client_protocol_handler is wire("frames").QuickFrames
    assert wire("fast_path").cluster_arguments(True) == {"connection_class": wire("direct").DirectConnection}
    assert wire("fast_path").cluster_arguments(False) == {}


class _Session:
    client_protocol_handler: Any = ProtocolHandler


def test_a_protocol_handler_of_ones_own_stays(wire: Callable[[str], ModuleType]) -> None:
    class Own(ProtocolHandler):  # type: ignore[misc]  # the driver has no types
        pass

    session = _Session()
    session.client_protocol_handler = Own

    wire("fast_path").use_quick_frames(session)

    assert session.client_protocol_handler is Own


# -- segments ------------------------------------------------------------------------------------------------------

CODECS = {"LZ4": segment_codec_lz4, "as it is": segment_codec_no_compression}
SIZES = st.one_of(*(st.integers(size - 3, size + 3) for size in (5, 1_024, 131_071, 2 * 131_071)))
CONTENT = st.builds(lambda piece, size: (piece * (size // len(piece) + 1))[:size], st.binary(min_size=1), SIZES)


def in_segments(codec: Any, content: bytes) -> bytes:
    buffer = io.BytesIO()
    codec.encode(buffer, content)
    return buffer.getvalue()


def from_segments(quick: Any, data: bytes) -> bytes:
    content, start = b"", 0
    while start < len(data):
        payload = quick.payload(data, start)
        content, start = content + payload.frames, payload.end
    return content


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("api", APIS)
@given(CONTENT)
def test_segments_are_read_as_they_were_written_by_either(api: str, codec: str, content: bytes) -> None:
    quick = import_module(f"{api}._wire.segments").QuickSegments(CODECS[codec])

    assert from_segments(quick, in_segments(quick, content)) == content
    assert from_segments(quick, in_segments(CODECS[codec], content)) == content
    if codec == "as it is" or len(content) >= 1_024:
        assert in_segments(quick, content) == in_segments(CODECS[codec], content)


def test_a_segment_that_is_not_all_there_is_waited_for(wire: Callable[[str], ModuleType]) -> None:
    quick = wire("segments").QuickSegments(segment_codec_lz4)
    whole = in_segments(quick, b"content")

    assert [quick.payload(whole[:length], 0) for length in range(len(whole))] == [None] * len(whole)


@pytest.mark.parametrize("codec", CODECS)
@given(CONTENT)
@pytest.mark.parametrize("api", APIS)
def test_a_header_knows_how_long_its_segment_is(api: str, codec: str, content: bytes) -> None:
    quick = import_module(f"{api}._wire.segments").QuickSegments(CODECS[codec])
    segments = in_segments(CODECS[codec], content)

    start = 0
    while start < len(segments):
        start += quick.decode_header(io.BytesIO(segments[start:])).segment_length

    assert start == len(segments)


def test_a_segment_with_any_bit_changed_is_refused(wire: Callable[[str], ModuleType]) -> None:
    quick = wire("segments").QuickSegments(segment_codec_no_compression)
    whole = in_segments(quick, b"content")
    for bit in range(len(whole) * 8):
        broken = bytearray(whole)
        broken[bit // 8] ^= 1 << bit % 8

        with pytest.raises(CrcException):
            quick.payload(bytes(broken), 0)


# -- bound values --------------------------------------------------------------------------------------------------


def prepared_statement() -> Any:
    columns = [
        ColumnMetadata("ks", "t", "id", Int32Type),
        ColumnMetadata("ks", "t", "day", UTF8Type),
        ColumnMetadata("ks", "t", "x", UTF8Type),
    ]
    return PreparedStatement(columns, b"id", [0, 1], "INSERT", "ks", 4, [], None)


@pytest.mark.parametrize("values", [(1, "a", "b"), (2, "", None), (-1, "é", UNSET_VALUE)])
def test_bound_values_are_those_of_the_driver(wire: Callable[[str], ModuleType], values: tuple[Any, ...]) -> None:
    prepared = prepared_statement()

    bound = wire("binding").bound(prepared, BoundStatement, values)

    expected = BoundStatement(prepared).bind(values)
    assert bound.routing_key == expected.routing_key
    assert bound.__dict__ == expected.__dict__


@pytest.mark.parametrize("values", [("one", "a", "b"), (1, UNSET_VALUE, "b"), (2**31, "a", "b"), (1, 1, "b")])
def test_values_that_do_not_fit_are_refused(wire: Callable[[str], ModuleType], values: tuple[Any, ...]) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011  # of any kind: what is said of it is decided elsewhere
        wire("binding").bound(prepared_statement(), BoundStatement, values)


def test_what_is_worked_out_for_a_statement_goes_with_it(wire: Callable[[str], ModuleType]) -> None:
    prepared = prepared_statement()
    wire("binding").bound(prepared, BoundStatement, (1, "a", "b"))
    watched = ref(prepared)

    del prepared
    gc.collect()

    assert watched() is None


# -- timers --------------------------------------------------------------------------------------------------------


class Reactor:
    """Timers that fire when they are told to."""

    def __init__(self) -> None:
        self.made: list[tuple[float, Callable[[], object]]] = []

    def make(self, seconds: float, callback: Callable[[], object]) -> Any:
        timer = (seconds, callback)
        self.made.append(timer)
        return _Cancelled(self.made, timer)

    def fire(self) -> None:
        self.made.pop(0)[1]()


class _Cancelled:
    def __init__(self, made: list[Any], timer: Any) -> None:
        self._made, self._timer = made, timer

    def cancel(self) -> None:
        if self._timer in self._made:
            self._made.remove(self._timer)


def test_a_short_timer_is_the_reactors_own(wire: Callable[[str], ModuleType]) -> None:
    reactor = Reactor()
    timers = wire("timers").Timers(reactor, reactor.make)

    timers.add(0.2, list)

    assert reactor.made == [(0.2, list)]


def test_cancelled_timers_leave_nothing(wire: Callable[[str], ModuleType]) -> None:
    reactor = Reactor()
    timers = wire("timers").Timers(reactor, reactor.make)
    for timer in [timers.add(10, list) for _ in range(1_000)]:
        timer.cancel()
    assert (len(timers), len(reactor.made)) == (0, 1)

    reactor.fire()

    assert reactor.made == []


def test_a_timer_that_is_nearly_due_fires_when_the_reactor_says(wire: Callable[[str], ModuleType]) -> None:
    reactor, fired = Reactor(), list[int]()
    timers = wire("timers").Timers(reactor, reactor.make)
    timers.add(0.5, lambda: fired.append(1))
    timers.add(60, lambda: fired.append(60))
    reactor.fire()  # the look
    (seconds, _), look = reactor.made
    assert 0.4 < seconds <= 0.5

    reactor.fire()

    assert fired == [1]
    assert reactor.made == [look]


def test_a_timer_can_be_cancelled_when_it_is_nearly_due(wire: Callable[[str], ModuleType]) -> None:
    reactor, fired = Reactor(), list[int]()
    timer = wire("timers").Timers(reactor, reactor.make).add(0.5, lambda: fired.append(1))
    reactor.fire()

    timer.cancel()

    assert reactor.made == []
    assert fired == []


# -- mailboxes -----------------------------------------------------------------------------------------------------


async def test_a_loop_is_woken_for_all_that_other_threads_bring() -> None:
    loop = asyncio.get_running_loop()
    waiters = [loop.create_future() for _ in range(2_000)]
    waiters[7].cancel()

    def bring(part: int) -> None:
        for waiter in waiters[part::4]:
            mailbox_of_loop.wake(waiter)

    mailbox_of_loop: Mailbox = mailbox_of(loop)
    threads = [threading.Thread(target=bring, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    await asyncio.gather(*waiters, return_exceptions=True)
    for thread in threads:
        await asyncio.to_thread(thread.join)

    assert [waiter.cancelled() for waiter in waiters].count(True) == 1


def test_a_loop_that_was_closed_takes_nothing() -> None:
    loop = asyncio.new_event_loop()
    waiter, mailbox = loop.create_future(), Mailbox()
    loop.close()

    mailbox.wake(waiter)

    assert not waiter.done()


async def test_what_a_task_sends_goes_out_together() -> None:
    sent: list[bytes] = []

    class Line:
        def send_now(self, data: bytes) -> None:
            sent.append(data)

    mailbox, line, other = Mailbox(), Line(), Line()
    for number in range(3):
        mailbox.send_later(line, b"%d" % number)
    mailbox.send_later(other, b"other")
    assert sent == []

    await asyncio.sleep(0)

    assert sent == [b"012", b"other"]


async def test_what_a_task_sends_does_not_wait_for_more_than_can_go_out_together() -> None:
    sent: list[bytes] = []

    class Line:
        def send_now(self, data: bytes) -> None:
            sent.append(data)

    mailbox, line = Mailbox(), Line()
    for _ in range(MOST_TOGETHER + 1):
        mailbox.send_later(line, b".")
    assert sent == [b"." * MOST_TOGETHER]

    await asyncio.sleep(0)

    assert sent == [b"." * MOST_TOGETHER, b"."]
