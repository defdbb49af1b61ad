"""The roles of the pipeline's processes in a database of a test, as `make up` makes them in its own."""

from sqlalchemy import make_url

from stack.credentials import DATABASES
from stack.databases import provide

PROCESSES = ("WAREHOUSE_LOADER_URL", "WAREHOUSE_TRANSFORMER_URL", "WAREHOUSE_REGISTRY_URL")


def roles_in(warehouse_url: str) -> dict[str, str]:
    """Setting -> address of each process's role, made where it is missing; what they may do comes with `migrate`.

    `warehouse_url` is the superuser's, which tests use as the owner's: raw lets nobody else put it into other states.
    """
    names = ("WAREHOUSE_URL", *PROCESSES)
    url = make_url(warehouse_url)
    roles = {name: DATABASES[name][0] for name in names}
    addresses = {
        name: url.set(username=role, password=f"of-{role}").render_as_string(hide_password=False)
        for name, role in roles.items()
    }
    provide(warehouse_url, addresses)
    return {name: addresses[name] for name in PROCESSES}
