"""What docs/api.md shows works as it stands there."""

import re
import subprocess

import pytest
from api_stack import Api

from orchestration.settings import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EXAMPLES = re.findall(r"^curl .*?'(http://127\.0\.0\.1:8000[^']*)'$", (ROOT / "docs" / "api.md").read_text(), re.M)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("address", EXAMPLES)
def test_the_examples_of_the_page_work(api: Api, address: str) -> None:
    ((row_id,),) = api.rows("select id::text from core.prospect where not is_deleted_at_source limit 1")
    asked = re.sub(r"/[0-9a-f-]{36}$", f"/{row_id}", address.replace("http://127.0.0.1:8000", api.url))
    curl = ["curl", "-s", "-w", "%{http_code}", "-H", f"Authorization: Bearer {api.token()}", asked]
    said = subprocess.run(curl, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.endswith("200"), said
