"""A web service with FastAPI and `coodie.aio`.

    export PAGING_KEY=$(python -c 'from coodie.paging_tokens import PagingTokens; print(PagingTokens.new_key())')
    COODIE_HOST=127.0.0.1:9042 COODIE_KEYSPACE=library uvicorn --app-dir examples fastapi_app:app

The keyspace must exist. The key is kept as passwords are: all processes need the same, today and tomorrow. Documents
are Pydantic models: FastAPI answers with them, and documents them, as they are.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from coodie.aio import Document, init_coodie
from coodie.exceptions import DocumentNotFound, InvalidPagingToken
from coodie.fields import Indexed, PrimaryKey
from coodie.paging_tokens import PagingTokens


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


class BookPage(BaseModel):
    """Some of many books. While `next` is not null, ask again with it as `after`."""

    books: list[Book]
    next: str | None


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    """Hold one connection while the application runs; every request shares it."""
    async with await init_coodie(
        hosts=[os.environ["COODIE_HOST"]],
        keyspace=os.environ["COODIE_KEYSPACE"],
        paging_tokens=PagingTokens(os.environ["PAGING_KEY"]),
    ):
        await Book.sync_table()
        yield


NO_SUCH_BOOK = "There is no such book."

app = FastAPI(title="Library", lifespan=lifespan)


@app.exception_handler(DocumentNotFound)
async def not_found(request: Request, error: DocumentNotFound) -> JSONResponse:
    return JSONResponse({"detail": NO_SUCH_BOOK}, status_code=404)


@app.exception_handler(InvalidPagingToken)
async def not_a_page(request: Request, error: InvalidPagingToken) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=400)


@app.post("/books", status_code=201)
async def add_book(new: NewBook) -> Book:
    return await Book.create(**new.model_dump())


@app.get("/books")
async def books_of(author: str, after: str | None = None, count: Annotated[int, Query(ge=1, le=100)] = 20) -> BookPage:
    """Read one page; where it goes on is in a token that the client can neither read nor make up."""
    page = await Book.find(author=author).fetch_size(count).page(after).paged_all()
    return BookPage(books=list(page.data), next=page.next_token)


@app.get("/books/{book_id}")
async def book(book_id: UUID) -> Book:
    return await Book.get(id=book_id)


@app.put("/books/{book_id}/copies", status_code=204)
async def count_copies(book_id: UUID, copies: Annotated[int, Query(ge=0)]) -> None:
    """Write one field of a book that exists; without the condition, an update would make a book of that field alone."""
    counted = await Book.find(id=book_id).if_exists().update(copies=copies)
    if not counted.applied:
        raise HTTPException(404, NO_SUCH_BOOK)


@app.delete("/books/{book_id}", status_code=204)
async def remove_book(book_id: UUID) -> None:
    await Book.find(id=book_id).delete()
