"""Brings Superset's own database to what git says: schema, permissions, admin and assets; run by bootstrap.py."""

import yaml

# `yaml.safe_load`, ours and that of Superset's importer, reads hundreds of files: libyaml does it ten times as fast.
yaml.SafeLoader = yaml.CSafeLoader  # type: ignore[misc]


class ProvisioningError(Exception):
    """Something that whoever starts the stack or writes assets has to mend; the message says what."""
