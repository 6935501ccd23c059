"""Markers are plain values, checked where they are written."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from coodie_core import fields
from coodie_core.exceptions import InvalidModel
from coodie_core.fields import ClusteringKey, Indexed, Marker, PrimaryKey, Vector, VectorIndex

EXAMPLES = [
    PrimaryKey(partition_key_index=1),
    ClusteringKey(order="DESC", clustering_key_index=2),
    Indexed("by_name", index_class="SAI", options={"a": "b"}, target="KEYS"),
    Vector(dimensions=3),
    VectorIndex(similarity_function="EUCLIDEAN"),
    fields.Counter(),
    fields.Static(),
    fields.Frozen(),
    fields.Discriminator(),
    fields.BigInt(),
    fields.SmallInt(),
    fields.TinyInt(),
    fields.VarInt(),
    fields.Double(),
    fields.Ascii(),
    fields.TimeUUID(),
    fields.Time(),
    fields.Duration(),
    fields.Version(),
]


@pytest.mark.parametrize("marker", EXAMPLES, ids=repr)
def test_a_marker_shows_and_compares_as_it_was_written(marker):
    assert eval(repr(marker), vars(fields)) == marker
    assert isinstance(marker, Marker)


@pytest.mark.parametrize("marker", EXAMPLES, ids=repr)
def test_a_marker_cannot_be_changed(marker):
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        marker.dimensions = 5


def test_no_marker_is_missing_here():
    assert {type(marker).__name__ for marker in EXAMPLES} == {kind.__name__ for kind in Marker.__subclasses__()}


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        (lambda: ClusteringKey(order="desc"), 'ClusteringKey(order=\'desc\'): use "ASC" or "DESC".'),
        (lambda: Indexed(target="keys"), "Indexed(target='keys'): use KEYS, VALUES, ENTRIES or FULL."),
        (lambda: Vector(dimensions=0), "Vector(dimensions=0): a vector has at least one dimension."),
        (
            lambda: VectorIndex(similarity_function="NEAR"),
            "VectorIndex(similarity_function='NEAR'): use COSINE, DOT_PRODUCT or EUCLIDEAN.",
        ),
    ],
)
def test_a_marker_that_cannot_be_is_refused(marker, message):
    with pytest.raises(InvalidModel) as refused:
        marker()

    assert str(refused.value) == message
