"""The resources, read for the tests' parameters."""

from data_api.catalogue import read_catalogue

RESOURCES = read_catalogue()
DOCUMENTS = [resource for resource in RESOURCES.values() if resource.parent is None]
LINES = [resource for resource in RESOURCES.values() if resource.parent is not None]
