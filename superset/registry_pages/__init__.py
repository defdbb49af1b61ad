"""The administrators' pages on the registry, inside Superset's menu.

They hold no rule of their own: what is entered goes to the registry's service (orchestration/registry/service), which
says what is wrong with it, field by field. The one exception are Superset's own users.
"""

CATEGORY = "Registry"
MAIN_DEALERS = "Main dealers"
API_KEYS = "API keys"
DEALERS = "Dealers"
SCHEDULES = "Fetch schedules"
HISTORY = "Change history"
PEOPLE = "Users and access"
HEALTH = "Health"

# Names of their menu entries and views, as permissions know them: for administrators alone (security.py).
VIEW_NAMES = frozenset((CATEGORY, MAIN_DEALERS, API_KEYS, DEALERS, SCHEDULES, HISTORY, PEOPLE, HEALTH))
