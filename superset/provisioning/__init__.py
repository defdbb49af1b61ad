"""Brings Superset's own database to what git says: schema, permissions, admin and assets; run by bootstrap.py."""


class ProvisioningError(Exception):
    """Something that whoever starts the stack or writes assets has to mend; the message says what."""
