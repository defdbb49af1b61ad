"""Repeats what dbt says where others need it: Superset's datasets, docs/metrics.md, the data dictionary, exposures.

`make dictionary` writes them; nothing that it writes is edited by hand, and a test fails when it is out of date.
"""
