"""The page that shows what `dealers doctor` says: complete in itself, without scripts or files beside it."""

from collections.abc import Iterable
from datetime import datetime
from html import escape

from orchestration.health import Finding, is_well

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1f24 }
table { border-collapse: collapse; width: 100% }
td { border-top: 1px solid #d5d9de; padding: .5rem .75rem .5rem 0; vertical-align: top }
td:first-child { white-space: nowrap; font-weight: 600 }
p { margin: 0; color: #4a525c }
.yes { color: #14713d } .no { color: #b3261e } .unknown { color: #8a5a00 }
"""
_WORDS = {True: ("yes", "well"), False: ("no", "not well"), None: ("unknown", "cannot tell")}


def render(findings: Iterable[Finding], looked_at: datetime) -> str:
    """The page as HTML."""
    listed = list(findings)
    title = "All is well" if is_well(listed) else "Something is not well"
    rows = "\n".join(_row(finding) for finding in listed)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="60">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>Looked at {looked_at:%Y-%m-%d %H:%M:%S %Z}; looks again every minute.</p>"
        f"<table>\n{rows}\n</table></body></html>"
    )


def _row(finding: Finding) -> str:
    kind, word = _WORDS[finding.ok]
    remedy = f"<p>{escape(finding.remedy)}</p>" if finding.remedy and not finding.ok else ""
    return (
        f'<tr><td>{escape(finding.area)}</td><td class="{kind}">{word}</td>'
        f"<td>{escape(finding.sentence)}{remedy}</td></tr>"
    )
