"""Repeats what dbt says of the marts where others need it: Superset's datasets, docs/metrics.md, exposures.

`make dictionary` writes them; nothing that it writes is edited by hand, and a test fails when it is out of date.
"""
