"""Scans: the ring is cut into ranges, some are read at a time, and a checkpoint has what is left, to the row."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest

from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidQueryError
from coodie_core.fields import ClusteringKey, Indexed, PrimaryKey
from coodie_core.operations.reading import documents
from coodie_core.operations.scanning import RANGES_FOR_EACH, Scan, tokens_of_nodes
from coodie_core.query import Query
from coodie_core.query_set import BaseQuerySet
from coodie_core.results import PagedResult
from coodie_core.selection import with_values
from coodie_core.token_ranges import key_with_token

MURMUR = "org.apache.cassandra.dht.Murmur3Partitioner"


class Row(BaseDocument):
    part: Annotated[int, PrimaryKey(partition_key_index=0)]
    half: Annotated[str, PrimaryKey(partition_key_index=1)]
    number: Annotated[int, ClusteringKey()]
    name: Annotated[str, Indexed()] = ""


def find(**filters: Any) -> BaseQuerySet[Row]:
    return BaseQuerySet(Query(Row)).filter(**filters)


def prepared(start: Any, scan: Scan[Row]) -> Scan[Row]:
    """A scan of a cluster of one node with the token 0."""
    conversation = start(scan.begin_loop())
    conversation.answer((MURMUR, {"0"})).answer()
    assert conversation.has_ended
    return scan


def page_of(numbers: range, paging_state: bytes | None = None) -> PagedResult[int]:
    return PagedResult([*numbers], paging_state)


def requests_of_all_ranges(start: Any, scan: Scan[Row]) -> list[Any]:
    requests = []
    while (walk := scan.begin_range(1)) is not None:
        requests.append(start(scan.next_page(walk, "ks", documents)).request)
        walk.take(PagedResult([]))
        scan.end_range(walk)
    return requests


class TestRanges:
    def test_the_tokens_are_those_of_all_nodes(self, start: Any):
        conversation = start(tokens_of_nodes())
        assert conversation.cql == "SELECT partitioner, tokens FROM system.local"
        conversation.answer((MURMUR, {"-5", "7"}))
        assert conversation.cql == "SELECT tokens FROM system.peers"
        conversation.answer(({"100"},), (None,))

        assert sorted(conversation.result) == [-5, 7, 100]

    def test_another_partitioner_is_refused(self, start: Any):
        conversation = start(tokens_of_nodes())
        conversation.answer(("org.apache.cassandra.dht.RandomPartitioner", {"5"}))

        with pytest.raises(InvalidQueryError, match=r"scan\(\): the cluster's partitioner is .*RandomPartitioner"):
            conversation.answer()

    def test_the_ranges_begin_and_end_without_a_bound_and_meet(self, start: Any):
        scan = prepared(start, Scan(find().query, parallel=1))

        requests = requests_of_all_ranges(start, scan)

        assert len(requests) == RANGES_FOR_EACH
        token = 'token("part", "half")'
        assert requests[0].cql.endswith(f" WHERE {token} <= ?")
        assert all(each.cql.endswith(f" WHERE {token} > ? AND {token} <= ?") for each in requests[1:-1])
        assert requests[-1].cql.endswith(f" WHERE {token} > ?")
        assert [before.params[-1] for before in requests[:-1]] == [behind.params[0] for behind in requests[1:]]
        assert 0 in [each.params[-1] for each in requests]

    def test_each_range_is_asked_of_the_nodes_that_have_it(self, start: Any):
        requests = requests_of_all_ranges(start, prepared(start, Scan(find().query, parallel=1)))

        assert [each.routing_key for each in requests[:-1]] == [
            key_with_token(each.params[-1]) for each in requests[:-1]
        ]
        assert requests[-1].routing_key == key_with_token(requests[-1].params[0] + 1)

    def test_the_options_of_the_query_are_in_each_request(self, start: Any):
        query = find(name="Ada").only("name").allow_filtering().fetch_size(7).consistency("ONE").query

        request = requests_of_all_ranges(start, prepared(start, Scan(query, parallel=1)))[0]

        assert '"name" = ? AND token("part", "half") <= ? ALLOW FILTERING' in request.cql
        assert request.options.fetch_size == 7

    def test_so_many_are_begun_as_may_be_and_one_more_when_one_has_no_more_pages(self, start: Any):
        scan = prepared(start, Scan(find().query, parallel=2))
        first, second = scan.begin_range(1), scan.begin_range(1)
        assert first is not None
        assert second is not None
        assert scan.begin_range(1) is None

        first.take(page_of(range(3)))

        assert first.has_ended
        assert scan.begin_range(1) is not None

    def test_how_much_is_done_is_the_share_of_the_tokens(self, start: Any):
        scan = prepared(start, Scan(find().query, parallel=1))
        assert scan.fraction_done == 0
        walk = scan.begin_range(1)
        assert walk is not None
        walk.take(page_of(range(3)))

        scan.end_range(walk)

        assert scan.fraction_done == pytest.approx(1 / RANGES_FOR_EACH)


class TestCheckpoints:
    def test_before_the_first_request_everything_is_left(self):
        assert Scan(find().query).checkpoint["left"] == [[None, None, None, 0]]

    def test_rows_that_were_handed_out_of_a_page_are_passed_over(self, start: Any):
        scan = prepared(start, Scan(find().query, parallel=1))
        walk = scan.begin_range(1)
        assert walk is not None
        walk.take(page_of(range(3), b"second"))
        scan.hand_out(walk, 3)
        walk.take(page_of(range(3, 6), b"third"))
        scan.hand_out(walk, 2)

        again = Scan(find().query, parallel=1, checkpoint=json.loads(json.dumps(scan.checkpoint)))

        rest = again.begin_range(0)
        assert rest is not None
        assert again.handed_out == 5
        assert start(again.next_page(rest, "ks", documents)).request.paging_state == b"second"
        assert rest.take(page_of(range(3, 6), b"third")) == [5]
        assert start(again.next_page(rest, "ks", documents)).request.paging_state == b"third"
        assert rest.take(page_of(range(6, 9))) == [6, 7, 8]

    def test_a_page_that_is_shorter_the_second_time_leaves_the_rest_to_the_next_one(self, start: Any):
        """A server may end a page early, by its size."""
        scan = prepared(start, Scan(find().query, parallel=1))
        walk = scan.begin_range(1)
        assert walk is not None
        walk.take(page_of(range(6), b"next"))
        scan.hand_out(walk, 4)

        rest = Scan(find().query, parallel=1, checkpoint=scan.checkpoint).begin_range(0)

        assert rest is not None
        assert rest.take(page_of(range(3), b"short")) == []
        assert rest.take(page_of(range(3, 6), b"next")) == [4, 5]

    def test_what_is_on_its_way_counts_as_not_handed_out(self, start: Any):
        scan = prepared(start, Scan(find().query, parallel=2))
        first, second = scan.begin_range(1), scan.begin_range(1)
        assert first is not None
        assert second is not None
        first.take(page_of(range(3)))
        scan.hand_out(first, 3)
        scan.end_range(first)

        left = scan.checkpoint["left"]

        assert left[0] == [second.tokens.after, second.tokens.up_to, None, 0]
        assert len(left) == 2 * RANGES_FOR_EACH - 1

    def test_a_scan_that_is_done_leaves_nothing(self, start: Any):
        scan = prepared(start, Scan(find().query, parallel=1))
        requests_of_all_ranges(start, scan)

        assert scan.checkpoint["left"] == []
        assert scan.fraction_done == 1
        assert Scan(find().query, checkpoint=scan.checkpoint).begin_range(0) is None

    def test_beginning_again_goes_on_behind_what_was_handed_out(self, start: Any):
        scan = prepared(start, Scan(find().query, parallel=1))
        walk = scan.begin_range(1)
        assert walk is not None
        walk.take(page_of(range(3), b"second"))
        scan.hand_out(walk, 1)

        assert start(scan.begin_loop()).has_ended

        rest = scan.begin_range(2)
        assert rest is not None
        assert rest.tokens == walk.tokens
        assert rest.take(page_of(range(3), b"second")) == [1, 2]

    def test_of_two_loops_the_earlier_one_cannot_go_on(self, start: Any):
        """It would take ranges from the later one, which then would not read them."""
        scan = prepared(start, Scan(find().query, parallel=1))
        walk = scan.begin_range(1)
        assert walk is not None
        start(scan.begin_loop())

        for step in (lambda: scan.begin_range(1), lambda: scan.hand_out(walk, 1), lambda: scan.end_range(walk)):
            with pytest.raises(InvalidQueryError, match=r"Row.find\(\).scan\(\): another loop over this scan began"):
                step()

        assert scan.handed_out == 0
        assert len(scan.checkpoint["left"]) == RANGES_FOR_EACH

    def test_of_two_loops_that_begin_together_one_cuts_the_ring(self, start: Any):
        scan = Scan(find().query, parallel=1)
        first, second = start(scan.begin_loop()), start(scan.begin_loop())

        second.answer((MURMUR, {"0"})).answer()
        with pytest.raises(InvalidQueryError, match="another loop"):
            first.answer((MURMUR, {"0"})).answer()

        assert len(scan.checkpoint["left"]) == RANGES_FOR_EACH

    @pytest.mark.parametrize(
        "change",
        [
            lambda checkpoint: {},
            lambda checkpoint: {**checkpoint, "handed_out": "7"},
            lambda checkpoint: {**checkpoint, "left": [["a", None, None, 0]]},
            lambda checkpoint: {**checkpoint, "left": [[None, None, "not base 64!", 0]]},
            lambda checkpoint: {**checkpoint, "left": [[None, None]]},
            lambda checkpoint: "text",
        ],
    )
    def test_what_is_no_checkpoint_is_refused(self, change: Any):
        checkpoint = Scan(find().query).checkpoint

        with pytest.raises(InvalidQueryError, match="give the checkpoint of an earlier scan"):
            Scan(find().query, checkpoint=change(checkpoint))

    def test_a_checkpoint_of_a_scan_that_reads_something_else_is_refused(self):
        checkpoint = Scan(find().allow_filtering().query).checkpoint

        with pytest.raises(InvalidQueryError, match="the checkpoint is of a scan that reads something else"):
            Scan(find().query, checkpoint=checkpoint)

    def test_a_checkpoint_of_the_same_statement_with_other_values_is_refused(self):
        checkpoint = json.loads(json.dumps(Scan(find(name="Ada").query).checkpoint))

        assert "Ada" not in str(checkpoint)
        assert Scan(find(name="Ada").query, checkpoint=checkpoint).checkpoint == checkpoint
        with pytest.raises(InvalidQueryError, match="the checkpoint is of a scan that reads something else"):
            Scan(find(name="Eve").query, checkpoint=checkpoint)


class TestWhatCannotBeScanned:
    @pytest.mark.parametrize(
        ("queries", "option"),
        [
            (find().limit(3), r"limit\(\)"),
            (find(part=1, half="a").order_by("number"), r"order_by\(\)"),
            (find().page(b"state"), r"page\(\)"),
        ],
    )
    def test_an_option_is_refused(self, queries: BaseQuerySet[Row], option: str):
        with pytest.raises(InvalidQueryError, match=rf"{option}.scan\(\): a scan reads the whole table"):
            Scan(queries.query)

    @pytest.mark.parametrize("filters", [{"part": 1}, {"part__in": [1]}, {"part__token__gt": 7}])
    def test_filters_on_partitions_are_refused(self, filters: dict[str, Any]):
        with pytest.raises(InvalidQueryError, match="says which partitions to read"):
            Scan(find(**filters).query)

    def test_aggregates_are_refused(self):
        with pytest.raises(InvalidQueryError, match=r"sum\(\) would be computed for each range"):
            Scan(with_values(find().query, ("sum(number)",)))

    @pytest.mark.parametrize("parallel", [0, 257, 1.5, "4", True])
    def test_a_number_of_ranges_that_cannot_be_is_refused(self, parallel: Any):
        with pytest.raises(InvalidQueryError, match=r"scan\(parallel=.*: give a whole number from 1 to 256"):
            Scan(find().query, parallel=parallel)
