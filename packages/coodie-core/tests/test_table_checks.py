"""A marker or setting that would have no effect is refused where the class is defined."""

from __future__ import annotations

from typing import Annotated, Any, NewType

import pytest
from pydantic import BaseModel

from coodie_core.document import BaseDocument
from coodie_core.exceptions import InvalidModel
from coodie_core.fields import (
    ClusteringKey,
    Counter,
    Discriminator,
    Frozen,
    Indexed,
    PrimaryKey,
    Static,
    Vector,
    VectorIndex,
)
from coodie_core.schema import TableKind, build_schema


class Part(BaseModel):
    value: Annotated[int, Indexed()]


def refused(*, kind: TableKind = TableKind.TABLE, **fields: Any) -> str:
    """Why a document with these fields is refused."""
    annotations = {"id": Annotated[int, PrimaryKey()], **fields}
    namespace = {"__module__": __name__, "__annotations__": annotations, "__coodie_kind__": kind}
    with pytest.raises(InvalidModel) as raised:
        type("Thing", (BaseDocument,), namespace)
    return str(raised.value)


@pytest.mark.parametrize(
    ("annotation", "why"),
    [
        (Annotated[str, VectorIndex()], "VectorIndex() is for a Vector(), and the field is text."),
        (
            Annotated[list[float], Vector(2), VectorIndex(), Indexed()],
            "Indexed() and VectorIndex() contradict each other. Keep one of them.",
        ),
        (
            Annotated[list[float], Vector(2), Indexed()],
            "a vector is indexed by VectorIndex(), for searches by nearness.",
        ),
        (
            Annotated[list[int], Frozen(), Indexed()],
            'a frozen collection is indexed as a whole: Indexed(target="FULL").',
        ),
        (
            Annotated[list[int], Indexed(target="FULL")],
            "target='FULL' is for a frozen collection, and the field is list<int>.",
        ),
        (
            Annotated[set[int], Indexed(target="KEYS")],
            "target='KEYS' is for a map that is not frozen, and the field is set<int>.",
        ),
        (
            Annotated[int, Indexed(target="VALUES")],
            "target='VALUES' is for a collection that is not frozen, and the field is int.",
        ),
        (
            Annotated[dict[str, int], Frozen(), Indexed(target="ENTRIES")],
            "target='ENTRIES' is for a map that is not frozen, and the field is frozen<map<text, int>>.",
        ),
    ],
)
def test_an_index_that_cannot_be(annotation, why):
    assert refused(field=annotation) == f"Thing.field: {why}"


def test_an_index_of_the_partition_key():
    assert refused(id=Annotated[int, PrimaryKey(), Indexed()]) == (
        "Thing.id: the partition key itself needs no index. Remove the marker."
    )


def test_an_index_of_a_part_of_the_partition_key_can_be():
    class Visit(BaseDocument):
        country: Annotated[str, PrimaryKey(), Indexed()]
        day: Annotated[int, PrimaryKey()]


def test_an_index_of_a_counter():
    why = refused(kind=TableKind.COUNTER, hits=Annotated[int, Counter(), Indexed()])

    assert why == "Thing.hits: a counter cannot be indexed."


def test_an_index_of_a_view():
    assert refused(kind=TableKind.VIEW, name=Annotated[str, Indexed()]) == (
        "Thing.name: a materialized view has no indexes. Remove the marker, or make a view with this field in its key."
    )


@pytest.mark.parametrize(
    ("annotation", "marker"),
    [
        (list[Annotated[int, PrimaryKey()]], "PrimaryKey"),
        (dict[str, list[Annotated[int, ClusteringKey()]]], "ClusteringKey"),
        (tuple[int, Annotated[str, Static()]], "Static"),
        (list[Part], "Indexed"),
        (Part, "Indexed"),
        (list[Annotated[str, Discriminator()]], "Discriminator"),
    ],
)
def test_a_marker_of_columns_inside_of_a_type(annotation, marker):
    assert refused(field=annotation) == (
        f"Thing.field: {marker}() is for a field of a document, and stands inside of field, where it has no effect. "
        "Put it on a field of Thing, or remove it."
    )


Key = NewType("Key", Annotated[int, PrimaryKey()])  # type: ignore[valid-newtype]


def test_a_marker_beside_none_or_in_an_alias_is_one_of_the_column():
    class Thing(BaseDocument):
        id: Key
        outside: Annotated[int | None, Indexed()] = None
        inside: Annotated[str, Indexed()] | None = None

    _, outside, inside = build_schema(Thing)
    assert (outside.indexed, inside.indexed) == (Indexed(), Indexed())


@pytest.mark.parametrize(("default", "name"), [(PrimaryKey(), "PrimaryKey"), (Indexed, "Indexed")])
def test_a_marker_in_place_of_the_default(default, name):
    with pytest.raises(InvalidModel) as raised:
        type("Thing", (BaseDocument,), {"__module__": __name__, "__annotations__": {"id": str}, "id": default})

    assert str(raised.value) == (
        f"Thing.id: {name}() is the field's default here. Markers stand in the annotation, as in "
        f"`id: Annotated[str, {name}()]`."
    )


def test_two_discriminators():
    why = refused(a=Annotated[str, Discriminator()], b=Annotated[str, Discriminator()])

    assert why == "Thing: a and b are both marked with Discriminator(). Keep one."


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("__base_table__", "users"),
        ("__view_columns__", ["id"]),
        ("__where_clause__", "id IS NOT NULL"),
        ("__clustering_order__", {"id": "DESC"}),
    ],
)
def test_a_setting_of_views_on_a_table(setting, value):
    inner = type("Settings", (), {"__qualname__": "Thing.Settings", setting: value})
    namespace = {
        "__module__": __name__,
        "__qualname__": "Thing",
        "__annotations__": {"id": Annotated[int, PrimaryKey()]},
        "Settings": inner,
    }

    with pytest.raises(InvalidModel, match=f"Thing.Settings.{setting}: that is for a MaterializedView"):
        type("Thing", (BaseDocument,), namespace)
