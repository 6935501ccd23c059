"""The web services answer over a real server."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import fastapi_app
import flask_app
import pytest
from fastapi.testclient import TestClient as FastapiClient
from flask.testing import FlaskClient

from coodie.sync import get_driver
from coodie_testing import Server

DUNE = {"title": "Dune", "author": "Frank Herbert", "copies": 2}


@pytest.fixture
def configured(coodie_server: Server, coodie_fresh_keyspace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment as the services want it."""
    monkeypatch.setenv("COODIE_HOST", f"{coodie_server.hosts[0]}:{coodie_server.port}")
    monkeypatch.setenv("COODIE_KEYSPACE", coodie_fresh_keyspace)


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
    assert fastapi_client.get("/books", params={"author": "Frank Herbert"}).json() == [book]

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
    assert flask_client.get("/books", query_string={"author": "Frank Herbert"}).json == [book]

    assert flask_client.delete(place).status_code == 204
    assert flask_client.get(place).status_code == 404


def test_flask_refuses_what_is_no_book(flask_client: FlaskClient) -> None:
    assert flask_client.post("/books", json={**DUNE, "copies": -1}).status_code == 422
    assert flask_client.get("/books/dune").status_code == 404
