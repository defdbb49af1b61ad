"""Tells people what is wrong, once: finds it, keeps it as incidents in Postgres, and sends one message for each."""
