"""The components, rendered."""

from __future__ import annotations

import pytest
from django.template import Context, Template


@pytest.mark.parametrize("name", ["phone", "items", "keys", "0"])
def test_the_error_summary_stands_any_field_name(name: str) -> None:
    page = Template("{% load ui %}{% error_summary errors %}").render(Context({"errors": {name: "请填写。"}}))
    assert f'<a href="#f-{name}">请填写。</a>' in page


def test_without_errors_there_is_no_summary() -> None:
    assert Template("{% load ui %}{% error_summary errors %}").render(Context({"errors": {}})).strip() == ""
