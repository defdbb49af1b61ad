"""Schemathesis asks what the description allows and what it does not, and holds every answer to it."""

import pytest
import schemathesis
from api_stack import Api
from catalogued import RESOURCES
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from data_api.description import describe

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = settings(
    max_examples=6,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


def described(*, with_coverage: bool) -> schemathesis.BaseSchema:
    content = {"generation": {"mode": "all"}, "phases": {"coverage": {"enabled": with_coverage}}}
    return schemathesis.openapi.from_dict(describe(RESOURCES), config=schemathesis.Config.from_dict(content))


by_chance = described(with_coverage=False)
# Each value at the edge of what each parameter can be: of one kind, since all are made by the same code.
by_edges = described(with_coverage=True).include(path_regex=r"^/v1/(spk|spk_unit)(/|$)")


def hold_to_it(api: Api, case: schemathesis.Case, *more: schemathesis.CheckFunction) -> None:
    headers = {"Authorization": f"Bearer {api.token('dealer_of_people')}"}
    case.call_and_validate(base_url=api.url, headers=headers, checks=[*CHECKS, *more], timeout=60)


@by_chance.parametrize()
@EXAMPLES
def test_every_answer_is_as_described(api: Api, case: schemathesis.Case) -> None:
    hold_to_it(api, case)


@by_edges.parametrize()
@EXAMPLES
def test_answers_at_the_edges_are_as_described(api: Api, case: schemathesis.Case) -> None:
    hold_to_it(api, case, negative_data_rejection)
