"""The data API: the documents of schema core over HTTP, read-only, for the people and machines that Superset knows."""
