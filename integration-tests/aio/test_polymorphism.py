"""Documents of several classes in one table: written, and found by key and by class."""

from __future__ import annotations

from typing import Annotated, Any

import pytest

from coodie_aio import Document, execute_raw
from coodie_core.exceptions import DocumentNotFound, FilteringRefused, InvalidQueryError
from coodie_core.fields import ClusteringKey, Discriminator, Indexed, PrimaryKey, Static


class Media(Document):
    shelf: Annotated[int, PrimaryKey()]
    id: Annotated[int, ClusteringKey()]
    kind: Annotated[str, Discriminator()]
    title: str = ""
    room: Annotated[str | None, Static()] = None

    class Settings:
        name = "media"


class Book(Media):
    pages: int

    class Settings:
        __discriminator_value__ = "book"


class Film(Media):
    minutes: int
    actors: Annotated[set[str], Indexed()] = set()

    class Settings:
        __discriminator_value__ = "film"


class Documentary(Film):
    topic: str = ""

    class Settings:
        __discriminator_value__ = "documentary"


BOOK = Book(shelf=1, id=1, title="CQL", pages=100)
FILM = Film(shelf=1, id=2, title="Reel", minutes=90, actors={"Alice"})
DOCUMENTARY = Documentary(shelf=1, id=3, title="Ice", minutes=60, topic="snow")


@pytest.fixture(autouse=True)
async def library(coodie_aio_driver: Any) -> None:
    """One shelf with one of each."""
    await Media.sync_table()
    for media in (BOOK, FILM, DOCUMENTARY):
        await type(media)(**media.model_dump()).save()


async def test_one_table_has_the_columns_of_all():
    assert await Media.sync_table() == []
    assert await Documentary.sync_table() == []
    rows = await execute_raw("SELECT id, kind, pages, minutes, topic FROM media WHERE shelf = 1")
    assert [tuple(row.values()) for row in rows] == [
        (1, "book", 100, None, None),
        (2, "film", None, 90, None),
        (3, "documentary", None, 60, "snow"),
    ]


async def test_the_base_gives_documents_of_their_own_classes():
    assert await Media.find(shelf=1).all() == [BOOK, FILM, DOCUMENTARY]
    assert await Media.get(shelf=1, id=2) == FILM
    assert [media async for media in Media.find()] == [BOOK, FILM, DOCUMENTARY]
    assert [lazy.title for lazy in await Media.find(shelf=1).all(lazy=True)] == ["CQL", "Reel", "Ice"]


async def test_a_subclass_is_fetched_by_its_key_without_filtering():
    assert await Book.get(shelf=1, id=1) == BOOK
    assert await Film.get(shelf=1, id=3) == DOCUMENTARY
    assert "ALLOW FILTERING" not in Book.find(shelf=1, id=1).explain().cql


async def test_a_row_of_another_class_is_not_found():
    with pytest.raises(DocumentNotFound):
        await Book.get(shelf=1, id=2)
    assert await Documentary.find_one(shelf=1, id=2) is None
    assert await Book.find(shelf=1, id=2).count() == 0


async def test_a_subclass_finds_its_own_rows_in_a_partition():
    assert await Book.find(shelf=1).all() == [BOOK]
    assert await Documentary.find(shelf=1).limit(1).all() == [DOCUMENTARY]
    assert await Film.find(shelf=1).all() == [FILM, DOCUMENTARY]
    assert await Documentary.find(shelf=1).count() == 1


async def test_a_subclass_finds_its_rows_everywhere_where_filtering_is_allowed():
    with pytest.raises(FilteringRefused, match="kind"):
        await Book.find().all()

    assert await Book.find().allow_filtering().all() == [BOOK]


async def test_an_index_on_the_discriminator_finds_a_class_everywhere():
    class Part(Document):
        id: Annotated[int, PrimaryKey()]
        kind: Annotated[str, Discriminator(), Indexed()]

    class Screw(Part):
        length: int = 0

        class Settings:
            __discriminator_value__ = "screw"

    class Nut(Part):
        class Settings:
            __discriminator_value__ = "nut"

    await Part.sync_table()
    await Screw(id=1, length=5).save()
    await Nut(id=2).save()

    assert await Screw.find().all() == [Screw(id=1, length=5)]
    assert await Nut.find().count() == 1


async def test_what_was_read_through_the_base_is_changed_and_deleted():
    media = await Media.get(shelf=1, id=1)
    assert isinstance(media, Book)
    media.pages = 120
    await media.save()
    await media.update(title="CQL, again")

    assert await Book.get(shelf=1, id=1) == Book(shelf=1, id=1, title="CQL, again", pages=120)

    await media.delete()
    assert await Media.find(shelf=1).all() == [FILM, DOCUMENTARY]


async def test_the_value_of_a_class_cannot_be_another():
    with pytest.raises(InvalidQueryError, match="the rows of Book have 'book' here"):
        await Book(shelf=1, id=9, pages=1, kind="film").save()


async def test_a_subclass_that_is_new_adds_its_columns():
    class Game(Media):
        players: int = 1

        class Settings:
            __discriminator_value__ = "game"

    ran = await Media.sync_table()

    assert [statement.split(" ADD ")[-1] for statement in ran] == ['("players" int)']
    await Game(shelf=1, id=4, players=2).save()
    assert await Media.get(shelf=1, id=4) == Game(shelf=1, id=4, players=2)
    await Media.find(shelf=1, id=4).delete()


async def test_a_query_of_a_subclass_does_not_write_to_rows_of_any_class():
    with pytest.raises(InvalidQueryError, match="nothing shows that the row is a Book"):
        await Book.find(shelf=1, id=2).update(title="Not a film any more")
    with pytest.raises(InvalidQueryError, match="nothing shows that the row is a Book"):
        await Book.find(shelf=1, id=2).delete()
    with pytest.raises(InvalidQueryError, match="nothing shows that the row is a Book"):
        await Book(shelf=1, id=2, pages=1).update(title="Not a film any more")

    assert await Media.get(shelf=1, id=2) == FILM


async def test_a_condition_on_the_class_lets_it_write():
    refused = await Book.find(shelf=1, id=2).update(title="CQL", if_conditions={"kind": "book"})
    assert (refused.applied, refused.existing) == (False, {"kind": "film"})

    assert (await Book.find(shelf=1, id=1).update(title="CQL 2", if_conditions={"kind": "book"})).applied
    assert (await Book.get(shelf=1, id=1)).title == "CQL 2"
    assert (await Book.find(shelf=1, id=1).delete(if_conditions={"kind": "book"})).applied


async def test_the_base_writes_to_a_row_of_any_class():
    await Media.find(shelf=1, id=1).update(title="CQL 3")

    assert await Book.get(shelf=1, id=1) == Book(shelf=1, id=1, title="CQL 3", pages=100)


async def test_a_shelf_has_its_room_whatever_stands_on_it():
    await Book.find(shelf=1).update(room="cellar")

    assert {media.room for media in await Media.find(shelf=1).all()} == {"cellar"}
    (shelf,) = await Media.find(shelf=1).distinct().all()
    assert (type(shelf), shelf.shelf, shelf.room) == (Media, 1, "cellar")
    await Media.find(shelf=1).update(room=None)


async def test_what_the_base_leaves_out_is_left_out_and_nothing_else():
    documents = await Media.find(shelf=1).defer("title").all()

    assert [vars(document).keys() & {"title", "pages", "minutes", "topic"} for document in documents] == [
        {"pages"},
        {"minutes"},
        {"minutes", "topic"},
    ]
    film = documents[1]
    assert isinstance(film, Film)
    film.minutes = 95
    await film.save()
    assert await Film.get(shelf=1, id=2) == Film(shelf=1, id=2, title="Reel", minutes=95, actors={"Alice"})


async def test_a_shelf_with_a_room_and_nothing_on_it_has_no_media():
    await execute_raw("INSERT INTO media (shelf, room) VALUES (7, 'attic')")

    assert await Media.find(shelf=7).all() == []
