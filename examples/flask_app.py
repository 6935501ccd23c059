"""A web service with Flask and `coodie.sync`.

    export PAGING_KEY=$(python -c 'from coodie.paging_tokens import PagingTokens; print(PagingTokens.new_key())')
    COODIE_HOST=127.0.0.1:9042 COODIE_KEYSPACE=library flask --app examples/flask_app.py run

The keyspace must exist. The key is kept as passwords are: all processes need the same, today and tomorrow.
"""

import os
from typing import Annotated, Any
from uuid import UUID, uuid4

from flask import Flask, request
from pydantic import BaseModel, Field, ValidationError

from coodie.exceptions import DocumentNotFound, InvalidPagingToken
from coodie.fields import Indexed, PrimaryKey
from coodie.paging_tokens import PagingTokens
from coodie.sync import Document, init_coodie

PAGE_SIZE = 20

Answer = tuple[Any, int]
"""What Flask makes JSON of, and the status code."""


class Book(Document):
    id: Annotated[UUID, PrimaryKey()] = Field(default_factory=uuid4)
    title: str
    author: Annotated[str, Indexed()]
    copies: int = 1


class NewBook(BaseModel):
    """What a client may say of a book; the id is ours to give."""

    title: str
    author: str
    copies: int = Field(default=1, ge=0)


def create_app() -> Flask:
    """Make the application.

    The connection is lazy: a server such as gunicorn makes the application, and then forks its workers. Each worker
    connects for itself, at its first request.
    """
    init_coodie(
        hosts=[os.environ["COODIE_HOST"]],
        keyspace=os.environ["COODIE_KEYSPACE"],
        lazy=True,
        paging_tokens=PagingTokens(os.environ["PAGING_KEY"]),
    )

    app = Flask(__name__)
    app.add_url_rule("/books", view_func=add_book, methods=["POST"])
    app.add_url_rule("/books", view_func=books_of)
    app.add_url_rule("/books/<uuid:book_id>", view_func=book)
    app.add_url_rule("/books/<uuid:book_id>", view_func=remove_book, methods=["DELETE"])
    app.register_error_handler(DocumentNotFound, not_found)
    app.register_error_handler(InvalidPagingToken, not_a_page)
    app.register_error_handler(ValidationError, not_valid)
    app.cli.command("create-tables")(create_tables)
    return app


def create_tables() -> None:
    """Bring the tables up to date: `flask --app examples/flask_app.py create-tables`."""
    Book.sync_table()


def add_book() -> Answer:
    new = NewBook.model_validate_json(request.get_data())
    return Book.create(**new.model_dump()).model_dump(mode="json"), 201


def books_of() -> Answer:
    """Read one page; where it goes on is in a token that the client can neither read nor make up."""
    query = Book.find(author=request.args["author"]).fetch_size(PAGE_SIZE)
    page = query.page(request.args.get("after")).paged_all()
    return {"books": [book.model_dump(mode="json") for book in page.data], "next": page.next_token}, 200


def book(book_id: UUID) -> Answer:
    return Book.get(id=book_id).model_dump(mode="json"), 200


def remove_book(book_id: UUID) -> Answer:
    Book.find(id=book_id).delete()
    return "", 204


def not_found(error: DocumentNotFound) -> Answer:
    return {"detail": "There is no such book."}, 404


def not_a_page(error: InvalidPagingToken) -> Answer:
    return {"detail": str(error)}, 400


def not_valid(error: ValidationError) -> Answer:
    return {"detail": error.errors(include_url=False, include_context=False)}, 422
