"""How the dashboards look: name, logo, colours, light and dark, and how numbers are written.

Superset's own stock themes are the base, so that what this file does not name follows Superset's releases.
"""

from typing import Any

NAME = "Dealer Dashboard"
PRIMARY = "#1d5fa8"
# Told apart by people who see no red or green too, and readable on white and on black.
PALETTE = [
    "#1d5fa8", "#e8772e", "#2a9d8f", "#8e5bb5", "#d1495b", "#7a9e2e", "#4fb3d9", "#b08d57", "#5c6b7a", "#e3b505",
]  # fmt: skip
# The same, light enough for dark words on them: a funnel writes into its slices.
LIGHT_PALETTE = [
    "#8eafd4", "#f4bc98", "#95ceca", "#c7adda", "#e8a4ad", "#bdcf97", "#a7d9ec", "#d8c6ac", "#aeb5bd", "#f1da82",
]  # fmt: skip
COLOUR_SCHEMES = [
    {"id": "dealer_dashboard", "label": NAME, "description": "", "isDefault": True, "colors": PALETTE},
    {"id": "dealer_dashboard_light", "label": f"{NAME}, light", "description": "", "colors": LIGHT_PALETTE},
]
GOOD, MIDDLING, BAD = "#2a9d8f", "#e9c46a", "#d1495b"
SEQUENTIAL_SCHEMES = [
    {"id": name, "label": label, "description": "", "isDiverging": False, "colors": colours}
    for name, label, colours in (
        ("red_to_green", "Red to green", [BAD, MIDDLING, GOOD]),
        ("green_to_red", "Green to red", [GOOD, MIDDLING, BAD]),
    )
]
# As Indonesia writes them: Rp 1.234.567,8
NUMBERS = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["Rp ", ""]}


def themes(stock: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the light and the dark theme made from Superset's stock theme."""
    token = stock["token"] | {
        "brandAppName": NAME,
        "brandLogoAlt": NAME,
        "brandLogoUrl": "/brand/logo.svg",
        "brandLogoMargin": "16px 0",
        "brandLogoHeight": "28px",
        "brandSpinnerUrl": "/brand/spinner.svg",  # Superset's own is missing from its wheel
        "colorPrimary": PRIMARY,
        "colorLink": PRIMARY,
        "colorSuccess": "#2a9d8f",
        "colorError": "#d1495b",
        "colorWarning": "#e8772e",
        "borderRadius": 6,
    }
    dark = token | {
        "brandLogoUrl": "/brand/logo-dark.svg",
        "colorPrimary": "#5b9be0",
        "colorLink": "#7db1ea",
        "colorEditorSelection": "#5c4d1a",
    }
    return stock | {"token": token}, stock | {"token": dark, "algorithm": "dark"}
