"""Documents that are made of their rows only when somebody looks at them."""

from coodie_core.lazy import LazyDocument as LazyDocument
