"""The administrators' pages on the registry, inside Superset's menu."""

# Names of their views, as permissions know them: for administrators alone (security.py).
VIEW_NAMES: frozenset[str] = frozenset()
