"""The sync side is the async side without `async` and `await`, and what cannot be said that way is refused."""

from __future__ import annotations

import re
from pathlib import Path

import generate_sync
import pytest

EXAMPLES = {
    "async def save(self) -> None: ...": "def save(self) -> None: ...",
    "async with BatchQuery() as batch: ...": "with BatchQuery() as batch: ...",
    "[user async for user in User.find()]": "[user for user in User.find()]",
    "await user.save()": "user.save()",
    "await (pending or other)": "(pending or other)",
    "(await User.get(id=key(1, (2,)))).name": "User.get(id=key(1, (2,))).name",
    "assert (await User.find().all())[0].id == 1": "assert User.find().all()[0].id == 1",
    "print(await User.find().count())": "print(User.find().count())",
    "names[await index()]": "names[index()]",
    "from coodie_aio.query import QuerySet": "from coodie_sync.query import QuerySet",
    "def test_one(coodie_aio_driver): ...": "def test_one(coodie_sync_driver): ...",
    "from coodie.aio import Document": "from coodie.sync import Document",
    "from coodie import aio": "from coodie import sync",
    "# pip install coodie-aio": "# pip install coodie-sync",
    "AsyncBatchQuery(logged=False)": "BatchQuery(logged=False)",
    "import examples.aio.tour": "import examples.sync.tour",
    "def __aiter__(self) -> AsyncIterator[D]: ...": "def __iter__(self) -> Iterator[D]: ...",
    "async def __anext__(self): ...": "def __next__(self): ...",
    "async def __aenter__(self): ...": "def __enter__(self): ...",
    "async def __aexit__(self, *error): ...": "def __exit__(self, *error): ...",
    "AsyncGenerator[User] | AsyncIterable[User]": "Generator[User] | Iterable[User]",
    "async with AsyncExitStack() as stack: ...": "with ExitStack() as stack: ...",
    "AbstractAsyncContextManager[Driver]": "AbstractContextManager[Driver]",
    "@asynccontextmanager": "@contextmanager",
    "async with aclosing(aiter(users)) as open_users: ...": "with closing(iter(users)) as open_users: ...",
    "await open_users.aclose()": "open_users.close()",
    "pytest.raises(StopAsyncIteration)": "pytest.raises(StopIteration)",
    "first = await anext(users)": "first = next(users)",
    "import asyncio\nasyncio.run(main(1))\n": "main(1)\n",
    "    @pytest.mark.asyncio(loop_scope='session')\n    async def test(): ...": "    def test(): ...",
    "@pytest.mark.asyncio\nasync def test(): ...": "def test(): ...",
}


@pytest.mark.parametrize(("source", "twin"), EXAMPLES.items())
def test_translation(source: str, twin: str) -> None:
    assert generate_sync.translate(source) == twin


@pytest.mark.parametrize("pattern", generate_sync.TRANSLATIONS)
def test_every_translation_has_an_example_above(pattern: str) -> None:
    assert any(re.search(pattern, source) for source in EXAMPLES)


def test_code_in_a_docstring_is_translated_too() -> None:
    source = '"""Save it.\n\n    await user.save()\n"""'

    assert generate_sync.untranslatable(source) == []
    assert generate_sync.translate(source) == '"""Save it.\n\n    user.save()\n"""'


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('"""Users await the answer."""', "1: 'await' in prose would vanish"),
        ("x = 1\n# then await it", "2: 'await' in prose would vanish"),
        ('"""Runs in\n\nthe event loop."""', "3: 'event loop' would mislead"),
        ("# a coroutine", "1: 'coroutine' would mislead"),
        ("import asyncio\nawait asyncio.sleep(1)", "asyncio has no sync twin"),
        ("from asyncio import gather", "asyncio has no sync twin"),
    ],
)
def test_what_has_no_sync_twin_is_refused(source: str, reason: str) -> None:
    (problem,) = generate_sync.untranslatable(source)

    assert reason in problem


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with one async example and one hand-written driver."""
    (tmp_path / "examples/aio/drivers").mkdir(parents=True)
    (tmp_path / "examples/aio/tour.py").write_text("async def tour(): await   see()\n")
    (tmp_path / "examples/aio/drivers/loop.py").write_text("import asyncio\nasyncio.get_running_loop()\n")
    return tmp_path


def test_a_twin_is_written_formatted_and_says_where_it_comes_from(workspace: Path) -> None:
    assert generate_sync.main([], workspace) == 0

    assert (workspace / "examples/sync/tour.py").read_text() == (
        "# Generated from examples/aio/tour.py by tools/generate_sync.py. Edit that file, not this one.\n"
        "def tour():\n    see()\n"
    )
    assert generate_sync.main(["--check"], workspace) == 0


def test_hand_written_directories_are_left_alone(workspace: Path) -> None:
    (workspace / "examples/sync/drivers").mkdir(parents=True)
    (workspace / "examples/sync/drivers/blocking.py").write_text("by_hand = True\n")

    generate_sync.main([], workspace)

    assert sorted(path.name for path in (workspace / "examples/sync").rglob("*.py")) == ["blocking.py", "tour.py"]


def test_check_tells_a_missing_and_an_edited_twin_and_changes_nothing(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twin = workspace / "examples/sync/tour.py"

    assert generate_sync.main(["--check"], workspace) == 1
    assert not twin.exists()

    generate_sync.main([], workspace)
    twin.write_text("edited = True\n")

    assert generate_sync.main(["--check"], workspace) == 1
    assert twin.read_text() == "edited = True\n"
    assert "out of date: examples/sync/tour.py" in capsys.readouterr().out


def test_a_twin_whose_source_is_gone_is_told_and_then_deleted(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generate_sync.main([], workspace)
    (workspace / "examples/aio/tour.py").unlink()

    assert generate_sync.main(["--check"], workspace) == 1
    assert "has lost its source: examples/sync/tour.py" in capsys.readouterr().out

    generate_sync.main([], workspace)

    assert not (workspace / "examples/sync/tour.py").exists()


def test_nothing_is_written_when_something_cannot_be_translated(workspace: Path) -> None:
    (workspace / "examples/aio/wait.py").write_text("import asyncio\nasyncio.sleep(1)\n")

    with pytest.raises(SystemExit, match=r"examples/aio/wait\.py:1 of the sync text: asyncio has no sync twin"):
        generate_sync.main([], workspace)

    assert not (workspace / "examples/sync").exists()
