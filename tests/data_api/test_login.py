"""A token of the real Superset's login opens the API."""

import pytest
import requests
from api_stack import Api
from servers import running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_a_token_of_supersets_own_login_opens_the_api(api: Api) -> None:
    superset = api.programs["superset"]
    with running(list(superset.command), f"{superset.address}/health", dict(api.env), 180, superset.directory):
        login = {
            "username": api.env["SUPERSET_ADMIN_USER"],
            "password": api.env["SUPERSET_ADMIN_PASSWORD"],
            "provider": "db",
            "refresh": True,
        }
        tokens = requests.post(f"{superset.address}/api/v1/security/login", json=login, timeout=60).json()
        refresh = {"Authorization": f"Bearer {tokens['refresh_token']}"}
        renewed = requests.post(f"{superset.address}/api/v1/security/refresh", headers=refresh, timeout=60).json()
    for token in (tokens["access_token"], renewed["access_token"]):
        answer = requests.get(f"{api.url}/v1/spk", headers={"Authorization": f"Bearer {token}"}, timeout=30)
        assert answer.status_code == 200 and answer.json()["data"]
    answer = requests.get(f"{api.url}/v1/spk", headers=refresh, timeout=30)
    assert answer.status_code == 401
