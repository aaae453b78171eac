"""The REST contract is what the code says."""

from __future__ import annotations

import json
import re

from gateway.web.api import CONTRACT, ROUTES, main, openapi


def test_the_committed_contract_is_up_to_date() -> None:
    assert main(["--check"]) == 0
    assert json.loads(CONTRACT.read_text(encoding="utf-8")) == openapi()


def test_every_route_is_in_it_and_every_reference_resolves() -> None:
    contract = openapi()
    listed = {(method.upper(), path) for path, methods in contract["paths"].items() for method in methods}
    assert listed == {(route.method, route.path) for route in ROUTES}
    names = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(contract)))
    assert names == set(contract["components"]["schemas"])
