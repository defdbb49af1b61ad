"""One real stack for the tests of the dashboards: sandbox, pipeline, warehouse and Superset, none of them made up."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from filled import filled_stack
from servers import running

from stack.programs import Program
from stack.up import SECONDS_TO_ANSWER

# A period of 30 days and the period before it have data; boards of 90 days show what there is.
DAYS = 65
FIRST_RUN_DEALER = {"id": "77001", "name": "Sinar Baru Motor", "city": "Bandung"}


@dataclass(frozen=True)
class Stack:
    """Where the stack answers, and who may enter."""

    url: str
    user: str
    password: str
    warehouse_url: str  # as its owner, who sees core too
    dealers: tuple[str, ...]  # the numbers of those that have data
    dealer_names: tuple[str, ...]  # theirs, in the same order; what filters offer
    first_run_dealer: str  # registered, and nothing fetched yet
    dealer_reader_url: str  # the warehouse as dealers' users see it
    env: Mapping[str, str]  # what its programs are started with
    sandbox_url: str


@contextmanager
def running_stack(folder: Path, dbt_target: Path) -> Iterator[Stack]:
    """A filled warehouse and a Superset before it."""
    with filled_stack(folder, dbt_target, DAYS, _all_and_a_newcomer) as filled:
        superset = filled.programs["superset"]
        _log_of_before(filled.held["SUPERSET_DATABASE_URL"])
        with _serving(filled.programs["registry"], filled.env), _serving(superset, filled.env):
            yield Stack(
                url=superset.address,
                user=filled.env["SUPERSET_ADMIN_USER"],
                password=filled.env["SUPERSET_ADMIN_PASSWORD"],
                warehouse_url=filled.held["WAREHOUSE_URL"],
                dealers=filled.dealers,
                dealer_names=tuple(str(dealer["name"]) for dealer in filled.sandbox.fleet["dealers"]),
                first_run_dealer=FIRST_RUN_DEALER["id"],
                dealer_reader_url=filled.held["WAREHOUSE_DEALER_READER_URL"],
                env=filled.env,
                sandbox_url=filled.sandbox_url,
            )


def _log_of_before(url: str) -> None:
    """Entries of Superset's action log from before it is started: one is older than it keeps them, one is not."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into logs (action, dttm) select 'seen_' || days, localtimestamp - make_interval(days => days)"
            " from unnest(array[89, 91]) as days"
        )


def _all_and_a_newcomer(fleet: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """All dealers are pulled; one more is registered and not pulled."""
    dealers = fleet["dealers"]
    newcomer = {**dealers[0], **FIRST_RUN_DEALER}
    return {**fleet, "dealers": [*dealers, newcomer]}, tuple(str(dealer["id"]) for dealer in dealers)


def _serving(program: Program, env: Mapping[str, str]) -> AbstractContextManager[None]:
    health = program.address + program.health
    return running(list(program.command), health, dict(env), SECONDS_TO_ANSWER, program.directory)
