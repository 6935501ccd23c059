"""Writes the list of jars, with their SHA-256 sums, that coodie-testing downloads and trusts.

    python packages/coodie-testing/tools/pin_jars.py 5.0.9            # write pinned/cassandra-5.0.9.txt
    python packages/coodie-testing/tools/pin_jars.py 5.0.9 --check    # compare, change nothing

jgo resolves Apache Cassandra's run-time dependencies here, once, so that users need not: they fetch exactly this list.
Review the difference of the written file like code: it decides what runs on every user's machine.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from jgo.maven import Artifact, MavenContext
from jgo.parse import Endpoint

PINNED = Path(__file__).parents[1] / "src" / "coodie_testing" / "pinned"
HEADER = """\
# The jars of Apache Cassandra {version} and all it needs at run time.
# SHA-256, size in bytes, group:artifact:version[:classifier]. Written by tools/pin_jars.py; do not edit.
"""


def runtime_artifacts(version: str, context: MavenContext) -> list[Artifact]:
    """Every artifact that Cassandra's class path needs."""
    coordinate = Endpoint.parse(f"org.apache.cassandra:cassandra-all:{version}").coordinates[0]
    root = context.create_dependency(replace(coordinate, scope="compile"))
    inputs, transitive = context.resolver.resolve([root])
    return [found.artifact for found in (*inputs, *transitive) if found.scope in ("compile", "runtime")]


def pinned_line(artifact: Artifact) -> str:
    """One line of the list, from the jar as the repository serves it now."""
    content = artifact.resolve().read_bytes()
    parts = [artifact.groupId, artifact.artifactId, artifact.version, *filter(None, [artifact.classifier])]
    return f"{hashlib.sha256(content).hexdigest()} {len(content):>8} {':'.join(parts)}"


def pinned_list(version: str) -> str:
    """The whole file for this version, sorted by coordinate."""
    with tempfile.TemporaryDirectory() as fresh_cache, ThreadPoolExecutor(8) as pool:
        context = MavenContext(repo_cache=Path(fresh_cache), local_repos=[], timeout=60)
        lines = list(pool.map(pinned_line, runtime_artifacts(version, context)))
    return HEADER.format(version=version) + "\n".join(sorted(lines, key=lambda line: line.split()[2])) + "\n"


def main() -> int:
    """Write or check the list of one version."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("version", help="a published version of org.apache.cassandra:cassandra-all")
    parser.add_argument("--check", action="store_true", help="only say whether the list would change")
    options = parser.parse_args()
    target = PINNED / f"cassandra-{options.version}.txt"
    wanted = pinned_list(options.version)
    if options.check:
        same = target.exists() and target.read_text() == wanted
        print(f"{target.name}: {'unchanged' if same else 'DIFFERS'}")
        return 0 if same else 1
    target.write_text(wanted)
    print(f"{target.name}: {len(wanted.splitlines()) - 2} jars")
    return 0


if __name__ == "__main__":
    sys.exit(main())
