"""The web services answer over a real server."""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Any, Protocol
from uuid import uuid4

import fastapi_app
import flask_app
import pytest
from fastapi.testclient import TestClient as FastapiClient
from flask.testing import FlaskClient

from coodie.paging_tokens import PagingTokens
from coodie.sync import get_driver
from coodie_testing import Server

DUNE = {"title": "Dune", "author": "Frank Herbert", "copies": 2}


@pytest.fixture
def configured(coodie_server: Server, coodie_fresh_keyspace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment as the services want it."""
    monkeypatch.setenv("COODIE_HOST", f"{coodie_server.hosts[0]}:{coodie_server.port}")
    monkeypatch.setenv("COODIE_KEYSPACE", coodie_fresh_keyspace)
    monkeypatch.setenv("PAGING_KEY", PagingTokens.new_key())


@pytest.fixture
def fastapi_client(configured: None) -> Iterator[FastapiClient]:
    with FastapiClient(fastapi_app.app) as client:
        yield client


@pytest.fixture
def flask_client(configured: None) -> Iterator[FlaskClient]:
    app = flask_app.create_app()
    with get_driver():
        created = app.test_cli_runner().invoke(args=["create-tables"])
        assert created.exit_code == 0, created.output
        yield app.test_client()


def test_fastapi_adds_finds_changes_and_removes_a_book(fastapi_client: FastapiClient) -> None:
    added = fastapi_client.post("/books", json=DUNE)
    book = added.json()
    assert (added.status_code, book) == (201, {"id": book["id"], **DUNE})
    place = f"/books/{book['id']}"

    assert fastapi_client.get(place).json() == book
    found = fastapi_client.get("/books", params={"author": "Frank Herbert"}).json()
    assert found == {"books": [book], "next": None}

    assert fastapi_client.put(f"{place}/copies", params={"copies": 5}).status_code == 204
    assert fastapi_client.get(place).json()["copies"] == 5

    assert fastapi_client.delete(place).status_code == 204
    assert fastapi_client.get(place).status_code == 404


def test_fastapi_refuses_what_is_no_book(fastapi_client: FastapiClient) -> None:
    assert fastapi_client.post("/books", json={**DUNE, "copies": -1}).status_code == 422
    assert fastapi_client.get("/books/dune").status_code == 422
    assert fastapi_client.put(f"/books/{uuid4()}/copies", params={"copies": 5}).status_code == 404


def test_flask_adds_finds_and_removes_a_book(flask_client: FlaskClient) -> None:
    added = flask_client.post("/books", json=DUNE)
    book = added.get_json()
    assert (added.status_code, book) == (201, {"id": book["id"], **DUNE})
    place = f"/books/{book['id']}"

    assert flask_client.get(place).json == book
    found = flask_client.get("/books", query_string={"author": "Frank Herbert"}).json
    assert found == {"books": [book], "next": None}

    assert flask_client.delete(place).status_code == 204
    assert flask_client.get(place).status_code == 404


def test_flask_refuses_what_is_no_book(flask_client: FlaskClient) -> None:
    assert flask_client.post("/books", json={**DUNE, "copies": -1}).status_code == 422
    assert flask_client.get("/books/dune").status_code == 404


class Library(Protocol):
    """A client of either service, for what its users do with it."""

    def add(self, title: str) -> dict[str, Any]: ...

    def page(self, **asked: str) -> tuple[int, dict[str, Any]]: ...


class FastapiLibrary:
    def __init__(self, client: FastapiClient) -> None:
        self._client = client

    def add(self, title: str) -> dict[str, Any]:
        added: dict[str, Any] = self._client.post("/books", json={**DUNE, "title": title}).json()
        return added

    def page(self, **asked: str) -> tuple[int, dict[str, Any]]:
        answer = self._client.get("/books", params=asked)
        return answer.status_code, answer.json()


class FlaskLibrary:
    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def add(self, title: str) -> dict[str, Any]:
        added: dict[str, Any] = self._client.post("/books", json={**DUNE, "title": title}).get_json()
        return added

    def page(self, **asked: str) -> tuple[int, dict[str, Any]]:
        answer = self._client.get("/books", query_string=asked)
        return answer.status_code, answer.get_json()


@pytest.fixture(params=["FastAPI", "Flask"])
def library(request: pytest.FixtureRequest) -> Library:
    if request.param == "FastAPI":
        return FastapiLibrary(request.getfixturevalue("fastapi_client"))
    return FlaskLibrary(request.getfixturevalue("flask_client"))


def test_a_list_is_read_page_by_page(library: Library) -> None:
    added = [library.add(f"Dune {number}") for number in range(45)]

    pages = [library.page(author="Frank Herbert")]
    while token := pages[-1][1]["next"]:
        pages.append(library.page(author="Frank Herbert", after=token))

    assert [status for status, _ in pages] == [200] * len(pages)
    assert len(pages) >= 3
    read = [book for _, page in pages for book in page["books"]]
    assert sorted(read, key=itemgetter("id")) == sorted(added, key=itemgetter("id"))


def test_a_token_of_another_list_is_refused(library: Library) -> None:
    for number in range(21):
        library.add(f"Dune {number}")
    _, page = library.page(author="Frank Herbert")

    for asked in ({"author": "Jane Austen", "after": page["next"]}, {"author": "Frank Herbert", "after": "made up"}):
        status, answer = library.page(**asked)
        assert status == 400
        assert answer == {
            "detail": "This paging token cannot be used, or not any more. Begin again with the first page."
        }
