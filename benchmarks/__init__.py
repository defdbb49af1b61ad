"""Measures what must be fast, as ratios within one run. `make bench BENCH=name SIZE=S`; nothing here is a test."""
