"""The OpenAPI document, written from the catalogue: parameters and columns with dbt's descriptions, and examples."""

from collections.abc import Iterator, Mapping
from typing import Any

from data_api import problems
from data_api.catalogue import Resource
from data_api.questions import LIMIT, LONGEST, MOST, MOST_VALUES, SHORTEST

ABOUT = """The documents that main dealers gave out over the DGI API, as they are now, and their lines. Read-only.

Log in to Superset (`POST /api/v1/security/login`, provider `db`) and send its `access_token` as
`Authorization: Bearer TOKEN`. Who sees all dealers in Superset sees them here; others see their own dealers alone.
Personal data is null, and named in `masked`, unless you have the role Personal Data.

Amounts and quantities are JSON numbers with all digits that were sent: parse them as decimals, not as floats, where
they are to be added up exactly."""

_ID = "3f2b8a52-6f0e-4b1c-9d3e-0a1b2c3d4e5f"
_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "uuid": {"type": "string", "format": "uuid", "example": _ID},
    "date": {"type": "string", "format": "date", "example": "2026-01-31"},
    "timestamptz": {"type": "string", "format": "date-time", "example": "2026-01-31T01:00:00+00:00"},
    "time": {"type": "string", "description": "Local time of day", "example": "13:30:00"},
    "interval": {"type": "string", "description": "ISO 8601 duration", "example": "PT1H30M"},
    "numeric": {"type": "number", "example": 17250000},
    "int": {"type": "integer", "example": 1},
    "boolean": {"type": "boolean", "example": False},
    "text[]": {"type": "array", "items": {"type": "string"}, "example": []},
}
# What a database's own text cannot hold, and what is no term.
_TEXT = {"type": "string", "minLength": 0, "maxLength": 200, "pattern": r"^[^\x00]*$"}


def describe(catalogue: Mapping[str, Resource]) -> dict[str, Any]:
    """The document, as JSON would hold it."""
    paths: dict[str, Any] = {
        "/health": {
            "get": {
                "summary": "Whether the API and its databases answer",
                "operationId": "health",
                "tags": ["about"],
                "security": [],
                "responses": {
                    "200": _json("It works", {"type": "object", "properties": {"status": {"type": "string"}}}),
                    "503": _problem("A database does not answer"),
                },
            }
        }
    }
    schemas: dict[str, Any] = {"problem": _PROBLEM}
    for resource in catalogue.values():
        schemas[resource.name] = _schema(catalogue, resource)
        paths[f"/v1/{resource.name}"] = {"get": _list(resource)}
        paths[f"/v1/{resource.name}/{{id}}"] = {"get": _one(resource)}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Dealer dashboard: data API", "version": "1", "description": ABOUT},
        "tags": [{"name": resource.label, "description": resource.description} for resource in catalogue.values()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"superset": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "security": [{"superset": []}],
    }


_PROBLEM = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string", "example": "Bad Request"},
        "status": {"type": "integer", "example": 400},
        "detail": {"type": "string", "example": "limit must lie between 1 and 1000; ask for the rest with cursor."},
        "parameter": {"type": "string", "example": "limit"},
    },
}


def _schema(catalogue: Mapping[str, Resource], resource: Resource) -> dict[str, Any]:
    properties = {}
    for column in resource.columns.values():
        note = " Personal data: null without the role Personal Data." if column.personal else ""
        kind = _TYPES[column.kind]
        hint = f" ({kind['description']})" if "description" in kind else ""
        properties[column.name] = kind | {"description": f"{column.description}{hint}{note}"}
        if column.personal or not column.is_required:
            properties[column.name]["nullable"] = True
    for child in resource.lines:
        items = {"$ref": f"#/components/schemas/{child}"}
        about = f"With include={child}. {catalogue[child].description}"
        properties[child] = {"type": "array", "items": items, "description": about}
    return {"type": "object", "description": resource.description, "properties": properties}


def _list(resource: Resource) -> dict[str, Any]:
    content = {
        "type": "object",
        "required": ["data", "next", "masked"],
        "properties": {
            "data": {"type": "array", "items": {"$ref": f"#/components/schemas/{resource.name}"}},
            "next": {"type": "string", "nullable": True, "description": "The cursor of the next page; null: no more"},
            "total": {"type": "integer", "description": "Rows on all pages, with total=true"},
            "masked": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Fields that are null because you may not see them",
            },
        },
    }
    example = {"data": [_example(resource)], "next": None, "masked": sorted(resource.personal())}
    return {
        "summary": f"List {resource.label[0].lower()}{resource.label[1:]}",
        "operationId": f"list_{resource.name}",
        "tags": [resource.label],
        "parameters": [*_paging(resource), *_shape(resource), *_filters(resource)],
        "responses": {"200": _json("A page", content, example), **_REFUSALS},
    }


def _one(resource: Resource) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{resource.name}"}
    row_id = _parameter("id", _TYPES["uuid"], resource.columns["id"].description)
    return {
        "summary": f"Get one of {resource.label[0].lower()}{resource.label[1:]}",
        "operationId": f"get_{resource.name}",
        "tags": [resource.label],
        "parameters": [row_id | {"in": "path", "required": True}, *_shape(resource)],
        "responses": {
            "200": _json("It", schema, _example(resource)),
            "404": _problem("There is none that you may see"),
            **_REFUSALS,
        },
    }


def _paging(resource: Resource) -> Iterator[dict[str, Any]]:
    limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT}
    yield _parameter("limit", limit, "Rows on a page")
    yield _parameter("cursor", {"type": "string"}, "The `next` of the page before, for the same question", example="")
    orders = [name for order in resource.orders for name in (order, f"-{order}")]
    about = "What to sort by, with a minus sign from the largest down; rows without a value count as the largest"
    yield _parameter("sort", {"type": "string", "enum": orders, "default": resource.default_order}, about)
    if resource.searched:
        about = f"A text anywhere in {', '.join(resource.searched)}, in any case; for a document also in its lines."
        term = _TEXT | {"minLength": SHORTEST, "maxLength": LONGEST}
        yield _parameter("q", term, f"{about} Personal data is searched only for who may see it", example="SPK/2026")
    yield _parameter(
        "total", {"type": "boolean", "default": False}, "Count the rows on all pages too, which takes time"
    )


def _shape(resource: Resource) -> Iterator[dict[str, Any]]:
    about = "The fields to give, joined by commas; all without it"
    yield _several("fields", list(resource.columns), about, ["id", "dealer_id"])
    if resource.lines:
        yield _several("include", list(resource.lines), "Lines to give with it, joined by commas", [resource.lines[0]])
    deleted = {"type": "boolean", "default": False}
    yield _parameter("deleted", deleted, "Also what was deleted at its source (is_deleted_at_source)")


def _filters(resource: Resource) -> Iterator[dict[str, Any]]:
    for name in resource.exact:
        column = resource.columns[name]
        schema = {**(_TEXT if column.kind == "text" else _TYPES[column.kind])}
        schema.pop("description", None)
        several = {"type": "array", "items": schema, "minItems": 1, "maxItems": MOST_VALUES}
        note = " Personal data: needs the role Personal Data." if column.personal else ""
        yield _parameter(
            name, several, f"{column.description}. Given several times: any of the values.{note}",
            style="form", explode=True,
        )  # fmt: skip
    for name in resource.ranges:
        column = resource.columns[name]
        last = "Last day" if column.kind == "date" else "Before this time"
        first = "First day" if column.kind == "date" else "From this time on"
        yield _parameter(f"{name}_from", _TYPES[column.kind], f"{first}: {column.description}")
        yield _parameter(f"{name}_to", _TYPES[column.kind], f"{last}: {column.description}")


def _parameter(name: str, schema: Mapping[str, Any], about: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": about, "schema": dict(schema), **more}


def _several(name: str, known: list[str], about: str, example: list[str]) -> dict[str, Any]:
    schema = {"type": "array", "items": {"type": "string", "enum": known}, "minItems": 1}
    return _parameter(name, schema, about, style="form", explode=False, example=example)


def _example(resource: Resource) -> dict[str, Any]:
    return {
        name: None if column.personal else _TYPES[column.kind].get("example", "...")
        for name, column in resource.columns.items()
    }


def _json(about: str, schema: Mapping[str, Any], example: Any = None) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schema}
    if example is not None:
        content["example"] = example
    return {"description": about, "content": {"application/json": content}}


def _problem(about: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/problem"}
    return {"description": about, "content": {problems.MEDIA_TYPE: {"schema": schema}}}


_REFUSALS = {
    "400": _problem("A parameter is malformed or unknown; the sentence names it and what it can be"),
    "401": _problem("No token, or one that is not valid any more"),
    "403": _problem("The account has no role here, or asks for personal data that it may not see"),
    "503": _problem("The database does not answer, or not in time"),
}
