"""How many examples Hypothesis tries: few in an ordinary run, many with ``--long``."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

#: What Hypothesis has by default. The profile that ``--long`` loads has a multiple of it.
USUAL_EXAMPLES = 100


def bounded(examples: int) -> settings:
    """Return the settings of a test that tries so many examples in an ordinary run.

    There is no deadline, since a server answers as it can, and no database of failures: a run depends on nothing that
    was there before. Fixtures may be shared by the examples of a test.
    """
    return settings(
        max_examples=examples * settings.default.max_examples // USUAL_EXAMPLES,  # type: ignore[union-attr]
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
