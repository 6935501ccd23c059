"""What asks for nothing special takes a short way: it sends, answers, refuses and leaves what the general way does.

`NO_OPTIONS` is the object by which the short way knows that nothing was asked. Options that are equal to it, and are
another object, go the general way: so each step is taken twice, by two documents that are alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import pytest
from budget import bounded
from every_type import CASES, Case, exactly
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, StringConstraints, create_model, field_validator, model_validator

from coodie_core.batch import BaseBatch, BatchState
from coodie_core.canonical import canonical
from coodie_core.document import BaseDocument, stored_values
from coodie_core.exceptions import CoodieError, Overloaded
from coodie_core.fields import ClusteringKey, Discriminator, PrimaryKey, Static, Version
from coodie_core.operations import documents, queries, reading
from coodie_core.operations.plain_writes import plain_save, plain_update, plain_update_of_row
from coodie_core.options import NO_OPTIONS, WriteOptions
from coodie_core.query import Query, narrowed
from coodie_core.schema import table_of
from coodie_core.statement import NO_ROWS, Rows

SAME_AS_NONE = WriteOptions()

CONSTRAINED: dict[str, Case] = {
    "positive": Case(Annotated[int, Field(gt=0)], [1, 2], st.integers(-2, 5)),
    "stripped": Case(Annotated[str, StringConstraints(strip_whitespace=True, max_length=3)], ["", "a"], st.text()),
}
ALL: dict[str, Case] = {**CASES, **CONSTRAINED}

#: How a field is declared besides its annotation.
MANNERS: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "required": lambda annotation, _: (annotation, ...),
    "optional": lambda annotation, _: (annotation | None, None),
    "default": lambda annotation, edge: (annotation, edge),
    "frozen": lambda annotation, edge: (annotation, Field(edge, frozen=True)),
    "static": lambda annotation, edge: (Annotated[annotation, Static()], edge),
}
NONE_OF_THEM = [object(), "text", -1, 10**40, 1.5, [None], {"a": 1}, b"x"]

# Both with names and types of fields that are not known before.
create_model_of_fields: Any = create_model
new_class: Any = type(BaseDocument)

numbers = itertools.count()


def _as_it_is(value: Any) -> Any:
    return value


def _refused_where_large(self: Any) -> Any:
    held: dict[str, Any] = self.__dict__
    if (held.get("number") or 0) > 100:
        raise ValueError("too large")
    return self


def _called(self: Any, *_changes: Any) -> None:
    held: dict[str, Any] = self.__dict__
    held["number"] = (held.get("number") or 0) + 1


#: What a class has besides its fields.
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "with a validator": {"__validators__": {"same": field_validator("*", mode="after")(_as_it_is)}},
    "with a validator of all": {"__validators__": {"all": model_validator(mode="after")(_refused_where_large)}},
    "frozen": {"config": {"frozen": True}},
    "strict": {"config": {"strict": True}},
    "stripping": {"config": {"str_strip_whitespace": True}},
    "with a version": {"fields": {"version": (Annotated[int, Version()], 0)}},
    "with hooks": {"methods": {"before_save": _called, "after_update": _called}},
    "of a family": {"fields": {"kind": (Annotated[str, Discriminator()], "a")}},
}


def document_class(kind: str, fields: Mapping[str, str]) -> type[BaseDocument]:
    """Return a document of a kind, with these fields of the zoo, each declared in some manner."""
    extras = KINDS[kind]
    namespace = {"model_config": extras.get("config", {}), "__module__": __name__, **extras.get("methods", {})}
    base = new_class(f"Base{next(numbers)}", (BaseDocument,), namespace)
    model: type[BaseDocument] = create_model_of_fields(
        f"Zoo{next(numbers)}",
        __base__=base,
        __validators__=extras.get("__validators__"),
        id=(Annotated[int, PrimaryKey()], 1),
        place=(Annotated[str, ClusteringKey()], "a"),
        number=(int, 0),
        **extras.get("fields", {}),
        **{name: MANNERS[manner](ALL[name].annotation, ALL[name].edges[0]) for name, manner in fields.items()},
    )
    return model


models = st.builds(
    document_class,
    st.sampled_from(["plain", *KINDS]),
    st.dictionaries(st.sampled_from(sorted(ALL)), st.sampled_from(sorted(MANNERS)), max_size=5),
)


def values_of(name: str) -> st.SearchStrategy[Any]:
    case = ALL.get(name, Case(int, [0, 1], st.integers(-1, 200)))
    return st.none() | st.sampled_from(case.edges) | case.values


def fields_of(draw: st.DrawFn, model: type[BaseDocument]) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(sorted(model.model_fields)), unique=True, max_size=3))
    return {name: draw(values_of(name) | st.sampled_from(NONE_OF_THEM)) for name in names}


@st.composite
def two_alike(draw: st.DrawFn) -> tuple[BaseDocument, BaseDocument]:
    """Draw two documents with the same values, which may not be storable, and of which nobody set some."""
    model = draw(models)
    one, other = model.model_construct(), model.model_construct()
    for name in draw(st.lists(st.sampled_from(sorted(model.model_fields)), unique=True)):
        if name not in ("place", "kind", "version"):
            value = draw(values_of(name))
            hold(one, name, value)
            hold(other, name, value)
    return one, other


def hold(document: Any, name: str, value: Any) -> None:
    vars(document)[name] = value
    document.model_fields_set.add(name)


def lose(document: Any, name: str) -> None:
    """Let a document be one that was read without a field."""
    document.__dict__.pop(name, None)


Step = Callable[[Any, WriteOptions], Any]


@st.composite
def steps(draw: st.DrawFn, model: type[BaseDocument]) -> Step:
    """Draw something to do with a document."""
    name, fields = draw(st.sampled_from(sorted(model.model_fields))), fields_of(draw, model)
    value = draw(values_of(name))
    answer = draw(st.sampled_from([NO_ROWS, NO_ROWS, Rows(("[applied]",), [(True,)]), Overloaded("busy")]))
    possible: dict[str, Step] = {
        "hold": lambda document, _: hold(document, name, value),
        "lose": lambda document, _: lose(document, name),
        "save": lambda document, options: carried_out(documents.save(document, "ks", options), answer),
        "insert": lambda document, options: carried_out(documents.insert(document, "ks", options), answer),
        "update": lambda document, options: carried_out(documents.update(document, "ks", fields, options), answer),
        "delete": lambda document, options: carried_out(documents.delete(document, "ks", options), answer),
        "in a batch": lambda document, options: in_batch(document, fields, options),
    }
    return possible[draw(st.sampled_from(sorted(possible)))]


def in_batch(document: Any, fields: Mapping[str, Any], options: WriteOptions) -> Any:
    batch = BaseBatch()
    said = [
        carried_out(documents.save(document, "ks", options, batch), NO_ROWS),
        carried_out(documents.update(document, "ks", fields, options, batch), NO_ROWS),
        carried_out(documents.delete(document, "ks", options, batch), NO_ROWS),
    ]
    concern, request = batch.concern(), batch.closed_as(BatchState.SENT)
    return said, concern, None if request is None else [shown(statement) for statement in request.statements]


def carried_out(operation: Any, answer: Any) -> Any:
    """Return what an operation asked, and what it returned or raised; hooks are called."""
    asked: list[Any] = []
    try:
        request = next(operation)
        while True:
            asked.append(shown(request))
            if hasattr(request, "method"):
                request = operation.send(request.method() or NO_ROWS)
            elif isinstance(answer, Exception):
                request = operation.throw(answer)
            else:
                request = operation.send(answer)
    except StopIteration as ended:
        return asked, ended.value
    except (CoodieError, ValueError) as error:  # a ValueError where it is no answer to a condition
        return asked, type(error), str(error)


def shown(request: Any) -> Any:
    if hasattr(request, "method"):
        return request.name.rpartition(".")[2]
    return request._replace(params=[canonical(value) for value in request.params])


def state(document: BaseDocument) -> Any:
    """Return all that there is about a document."""
    known = stored_values(document)
    return exactly(vars(document)), document.model_fields_set, known if known is None else exactly(dict(known))


@bounded(150)
@given(two_alike(), st.data())
def test_a_document_is_written_as_by_the_general_way(
    alike: tuple[BaseDocument, BaseDocument], data: st.DataObject
) -> None:
    document, other = alike

    for step in data.draw(st.lists(steps(type(document)), min_size=1, max_size=5)):
        assert step(document, NO_OPTIONS) == step(other, SAME_AS_NONE)
        assert state(document) == state(other)


@st.composite
def named_rows(draw: st.DrawFn) -> tuple[Query[Any], dict[str, Any]]:
    """Draw a query that mostly names one row, and changes of it."""
    model = draw(models)
    names = draw(st.sampled_from([("id", "place"), ("place", "id"), ("id", "place__gt"), ("id",), ("id", "number")]))
    values = {"id": 1, "place": "a", "place__gt": "a", "number": 1}
    return narrowed(Query(model), (), {name: values[name] for name in names}), fields_of(draw, model)


@bounded(100)
@given(named_rows(), st.sampled_from([NO_ROWS, Overloaded("busy")]))
def test_a_row_is_updated_as_by_the_general_way(asked: tuple[Query[Any], dict[str, Any]], answer: Any) -> None:
    query, changes = asked

    short = carried_out(queries.update(query, "ks", changes), answer)

    assert short == carried_out(queries.update(query.but(write=SAME_AS_NONE), "ks", changes), answer)


@bounded(50)
@given(named_rows(), st.sampled_from([None, 1, 7]), st.booleans())
def test_rows_are_read_as_by_the_general_way(
    asked: tuple[Query[Any], dict[str, Any]], limit: int | None, has_keyspace: bool
) -> None:
    query = asked[0].but(row_limit=limit, **({"keyspace": "own"} if has_keyspace else {}))

    short = carried_out(reading.all_results(query, "ks", reading.documents), NO_ROWS)

    assert short == carried_out(reading.all_results(query.but(ordering=()), "ks", reading.documents), NO_ROWS)


class Note(BaseDocument):
    id: Annotated[int, PrimaryKey()] = 1
    text: str = ""
    tags: set[str] = Field(default_factory=set)


TABLE = table_of(Note)


def test_usual_writes_take_the_short_way() -> None:
    """So that the tests above compare it with something else."""
    found = narrowed(Query(Note), (), {"id": 1})

    assert plain_save(TABLE, Note(text="new"), "ks", {})
    assert plain_save(TABLE, Note(text="changed"), "ks", {"id": 1, "text": "old", "tags": set()})
    assert plain_update(TABLE, Note(), "ks", {"text": "new", "tags": {"a"}})
    assert plain_update_of_row(TABLE, found, "ks", {"text": "new", "tags": {"a"}})


def test_a_collection_that_changed_is_left_to_the_general_way() -> None:
    assert plain_save(TABLE, Note(tags={"a", "b"}), "ks", {"id": 1, "text": "", "tags": {"a"}}) is None


@pytest.mark.parametrize("changes", [{"id": 2}, {"txet": ""}, {"tags__add": {"a"}}, {"text": 5}])
def test_what_is_not_plain_is_left_to_the_general_way(changes: dict[str, Any]) -> None:
    found = narrowed(Query(Note), (), {"id": 1})

    assert plain_update(TABLE, Note(), "ks", changes) is None
    assert plain_update_of_row(TABLE, found, "ks", changes) is None
