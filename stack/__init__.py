"""Runs the whole thing on one machine: installs it, starts it under supervision, fills the demo, takes it down again.

Nothing of the pipeline lives here; what the stack starts can be started by any other means (deploy/).
"""
