"""From a request to the bytes of its answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import orjson

from data_api import cursors
from data_api.catalogue import Resource
from data_api.people import Person
from data_api.problems import Problem
from data_api.questions import ListRequest, OneRequest, Question
from data_api.statements import FEW, Reader
from data_api.store import reading


async def list_of(pool: asyncpg.Pool, catalogue: Mapping[str, Resource], person: Person, asked: ListRequest) -> bytes:
    """A page: `{"data": [...], "next": ..., "total": ..., "masked": [...]}`. Raises Problem."""
    question, reader = asked.question, Reader(catalogue, person)
    resource = catalogue[question.resource]
    kinds = [resource.columns[name].kind for name in question.order]
    after = None if asked.cursor is None else cursors.decode(question, asked.cursor, kinds)
    async with reading(pool, person) as connection:
        matches = await _matches(connection, reader, question)
        rows = await _page(connection, reader, asked, after, matches)
        total = None
        if asked.with_total:
            statement = reader.total(question, matches)
            total = await connection.fetchval(statement.sql, *statement.values)
    page = rows[: asked.limit]
    following = cursors.encode(question, tuple(page[-1])[1:]) if len(rows) > asked.limit else None
    about: dict[str, Any] = {"next": following}
    if asked.with_total:
        about["total"] = total
    about["masked"] = _masked(catalogue, person, question.resource, asked.shape.fields, asked.shape.include)
    return b'{"data":[' + ",".join(row[0] for row in page).encode() + b"]," + orjson.dumps(about)[1:]


async def one_of(
    pool: asyncpg.Pool, catalogue: Mapping[str, Resource], person: Person, resource: Resource, row_id: Any,
    asked: OneRequest,
) -> bytes:  # fmt: skip
    """One document or line. Raises Problem 404, also for one that the person may not see."""
    statement = Reader(catalogue, person).one(resource, row_id, asked.shape, asked.with_deleted)
    async with reading(pool, person) as connection:
        body = await connection.fetchval(statement.sql, *statement.values)
    if body is None:
        raise Problem(
            404,
            f"No {resource.name} with id {row_id} can be seen by you; one that was deleted at its source needs "
            "deleted=true.",
        )
    return str(body).encode()


async def _page(
    connection: asyncpg.Connection, reader: Reader, asked: ListRequest, after: Sequence[Any] | None,
    matches: Sequence[Any] | None,
) -> list[asyncpg.Record]:  # fmt: skip
    """One row more than the page has, from the segments in their order: rows without a value are the largest."""
    question = asked.question
    segments = ["nothing", "values"] if question.is_descending else ["values", "nothing"]
    if reader.catalogue[question.resource].columns[question.order[0]].is_required:
        segments = ["values"]
    elif after is not None:
        segments = segments[segments.index("nothing" if after[0] is None else "values") :]
    rows: list[asyncpg.Record] = []
    for segment in segments:
        if (missing := asked.limit + 1 - len(rows)) > 0:
            statement = reader.page(question, asked.shape, missing, after, segment, matches)
            rows += await connection.fetch(statement.sql, *statement.values)
        after = None
    return rows


async def _matches(connection: asyncpg.Connection, reader: Reader, question: Question) -> list[Any] | None:
    """The ids that match the term, or nothing when there is no term or they are too many to name."""
    if not question.term:
        return None
    statement = reader.matches(question)
    if statement is None:
        return []
    ids = [row[0] for row in await connection.fetch(statement.sql, *statement.values)]
    return None if len(ids) > FEW else sorted(set(ids))


def _masked(
    catalogue: Mapping[str, Resource], person: Person, name: str, fields: Sequence[str], include: Sequence[str]
) -> list[str]:
    """The fields that are null because the person may not see them."""
    if person.sees_personal:
        return []
    resource = catalogue[name]
    own = [field for field in fields if field in resource.personal()]
    return own + [f"{child}.{field}" for child in include for field in sorted(catalogue[child].personal())]
