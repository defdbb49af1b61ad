"""Errors as application/problem+json (RFC 9457): one sentence that names what is wrong, and what to do about it."""

from collections.abc import Mapping
from http import HTTPStatus

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
_SENTENCES = {
    404: "There is nothing at {path}: /openapi.json lists what there is.",
    405: "{path} cannot be asked by {method}: this API only reads, use GET.",
}


class Problem(Exception):
    """An answer that is not what was asked for."""

    def __init__(self, status: int, detail: str, *, parameter: str = "", headers: Mapping[str, str] | None = None):
        super().__init__(detail)
        self.status, self.detail, self.parameter, self.headers = status, detail, parameter, headers

    def response(self) -> Response:
        """The answer to send."""
        content = {"title": HTTPStatus(self.status).phrase, "status": self.status, "detail": self.detail}
        if self.parameter:
            content["parameter"] = self.parameter
        return Response(orjson.dumps(content), self.status, self.headers, MEDIA_TYPE)


def malformed(parameter: str, detail: str) -> Problem:
    """What a request's parameter cannot be."""
    return Problem(400, detail, parameter=parameter)


def install(app: FastAPI) -> None:
    """Makes every error of the application a problem."""

    @app.exception_handler(Problem)
    async def ours(_: Request, problem: Problem) -> Response:
        return problem.response()

    @app.exception_handler(HTTPException)
    async def of_the_framework(request: Request, error: HTTPException) -> Response:
        sentence = _SENTENCES.get(error.status_code, str(error.detail))
        detail = sentence.format(path=request.url.path, method=request.method)
        return Problem(error.status_code, detail, headers=error.headers).response()

    @app.exception_handler(RequestValidationError)
    async def of_validation(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return malformed(str(first["loc"][-1]), f"{first['loc'][-1]}: {first['msg']}.").response()

    @app.exception_handler(Exception)
    async def unexpected(_: Request, __: Exception) -> Response:
        return Problem(
            500, "This is a fault of the API: its log says more. Try again, or tell the engineers."
        ).response()
