"""Draws what a benchmark measured into `var/benchmarks`: also when its stack has a VAR_DIR that goes with it."""

from collections.abc import Mapping

import click

from orchestration.settings import ROOT

_LEFT, _BAR, _ROW, _WIDTH = 250, 460, 30, 840


def draw_bars(name: str, title: str, values: Mapping[str, float]) -> None:
    """Write a bar chart as `name.svg`, the largest value over the whole width, and say where it is."""
    most = max(values.values())
    rows = [
        f'<text x="{_LEFT - 10}" y="{y + 15}" text-anchor="end">{label}</text>'
        f'<rect x="{_LEFT}" y="{y}" width="{max(1.0, value / most * _BAR):.1f}" height="20" fill="#1c5ead"/>'
        f'<text x="{_LEFT + value / most * _BAR + 8:.1f}" y="{y + 15}">{value:,.0f}</text>'
        for y, (label, value) in zip(range(50, 50 + _ROW * len(values), _ROW), values.items(), strict=True)
    ]
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{60 + _ROW * len(values)}" '
        'font-family="sans-serif" font-size="14">'
        f'<rect width="100%" height="100%" fill="white"/><text x="20" y="28" font-size="16">{title}</text>'
        f"{''.join(rows)}</svg>\n"
    )
    file = ROOT / "var" / "benchmarks" / f"{name}.svg"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(drawing)
    click.echo(f"drawn: {file}")
