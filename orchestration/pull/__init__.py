"""Brings what is asked for from the main dealers into raw, once, however many runs ask for it at the same time."""
