"""schemathesis over the whole OpenAPI document, in process: no server fault, every answer as described."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from weimin.config import api

AT = datetime(2026, 9, 18, 2, 0, tzinfo=UTC)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
#: How many calls of each operation.
EXAMPLES = int(os.environ.get("WEIMIN_FUZZ_EXAMPLES", "24"))
OPERATIONS = [(path, method) for path, methods in api.schema()["paths"].items() for method in methods]


@pytest.fixture
def stage(city: None, db: None, tmp_path: Any, settings: Any) -> Iterator[tuple[str, str, int]]:
    """A token that may do everything in a township centre, a matter's number and the step that waits there.

    The test's connection stays open between requests.
    """
    from weimin.base import clock
    from weimin.kernel.accounts.actions import create_client
    from weimin.kernel.cases.testing import SYSTEM, hand_in, make_cast, open_step

    settings.WEIMIN_FILES = str(tmp_path)
    cast = make_cast(AT)
    done = hand_in(cast, AT)
    step = open_step(done.case_id, cast.clerk)
    assert cast.clerk.post_id
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield create_client(by=SYSTEM, at=clock.now(), name="演示", post_id=cast.clerk.post_id), done.number, step
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def try_operation(operation: Any, token: str, number: str, step: int) -> list[int]:
    """Call one operation in many ways: the statuses that came.

    Raises: FailureGroup — with the request that shows the fault
    """

    def at_the_step(case: Any) -> Any:
        if isinstance(case.body, dict) and "step_id" in case.body:
            case.body.update(step_id=step, revision=None)
        return case

    ways = [operation.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)]
    if "{number}" in operation.path:
        ways.append(operation.as_strategy(path_parameters={"number": number}).map(at_the_step))
    statuses: list[int] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(ways))
    def call(case: Any) -> None:
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        # an unknown query parameter is let pass, an unknown field of a body is not
        checks = [*CHECKS, negative_data_rejection] if operation.method == "post" else CHECKS
        statuses.append(case.call_and_validate(headers=headers, checks=checks).status_code)

    call()
    return statuses


def test_no_operation_fails_and_every_answer_is_as_described(stage: tuple[str, str, int]) -> None:
    from weimin.config.wsgi import application

    document = schemathesis.openapi.from_dict(api.schema())
    document.app = application
    faults, statuses = {}, []
    for path, method in OPERATIONS:
        try:
            statuses += try_operation(document[path][method], *stage)
        except FailureGroup as fault:
            faults[f"{method} {path}"] = "\n".join(str(one) for one in fault.exceptions)
    assert not faults, "\n\n".join(f"{name}\n{text}" for name, text in faults.items())
    assert {200, 201, 400, 401, 404, 409, 422} <= set(statuses), "the calls reach beyond the door"
