"""How long what is kept, what can be deleted, who needs a guardian; without a database."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.apps import apps

from weimin.kernel.cases.rules.guardians import is_below
from weimin.kernel.cases.rules.notices import Notice, notice_on, sensitive_kind
from weimin.kernel.rights import rules
from weimin.kernel.rights.queries.retention import class_of_matter, list_classes, list_rules
from weimin.kernel.rights.types import Kept


@pytest.mark.parametrize(
    ("type_code", "ended", "first_day"),
    [
        ("20", date(2015, 1, 1), date(2026, 1, 1)),
        ("20", date(2015, 12, 31), date(2026, 1, 1)),
        ("20", date(2016, 1, 1), date(2027, 1, 1)),
        ("01", date(1995, 3, 1), date(2026, 1, 1)),
        ("01", date(1996, 1, 1), date(2027, 1, 1)),
    ],
)
def test_a_period_counts_from_the_first_day_of_the_next_year(type_code: str, ended: date, first_day: date) -> None:
    klass = class_of_matter(type_code)
    assert rules.period_end(ended, klass) == first_day
    newest = rules.latest_over(first_day, klass)
    assert newest is not None and ended < newest


def test_what_is_kept_for_good_never_ends() -> None:
    permanent = list_classes()["permanent"]
    assert rules.period_end(date(1900, 1, 1), permanent) is None
    assert rules.latest_over(date(2026, 1, 1), permanent) is None


def test_every_table_has_exactly_one_class() -> None:
    ours = {m._meta.label for a in apps.get_app_configs() if a.name.startswith("weimin.") for m in a.get_models()}
    named = [one.table for one in list_rules()]
    assert len(named) == len(set(named))
    assert {one.split(".")[1] for one in named} == {one.split(".")[1] for one in ours}
    assert {one.klass for one in list_rules()} <= set(list_classes())


KEPT = Kept(matters=2, drafts=1, loose_files=1, messages=3, looks=4, phone=True, account=True)


@pytest.mark.parametrize(
    ("closing", "deleted"),
    [
        (False, {"没提交的草稿", "没交上去的文件"}),
        (True, {"没提交的草稿", "没交上去的文件", "登记的手机号", "登录账号"}),
    ],
)
def test_a_deletion_says_what_goes_and_why_the_rest_stays(closing: bool, deleted: set[str]) -> None:
    lines = rules.describe_deletion(KEPT, closing=closing)
    assert {one.what for one in lines if one.deleted} == deleted
    assert all(one.why for one in lines)
    assert {"办件、材料、文书、评价", "审计记录"} <= {one.what for one in lines if not one.deleted}


@pytest.mark.parametrize(
    ("birth", "on", "needed"),
    [
        (date(2012, 3, 2), date(2026, 3, 1), True),
        (date(2012, 3, 2), date(2026, 3, 2), False),
        (None, date(2026, 3, 2), False),
    ],
)
def test_below_fourteen_a_guardian_acts(birth: date | None, on: date, needed: bool) -> None:
    assert is_below(birth, on, years=14) is needed


@pytest.mark.parametrize(
    ("label", "kind", "found"),
    [
        ("孩子身份证号", "id_number", "不满十四周岁未成年人的信息"),
        ("身份证号", "id_number", "特定身份"),
        ("银行账号", "text", "金融账户"),
        ("医院诊断证明", "", "医疗健康"),
        ("领取方式", "choice", ""),
    ],
)
def test_sensitive_data_is_told_by_the_words_of_the_form(label: str, kind: str, found: str) -> None:
    assert sensitive_kind(label, kind) == found


def test_the_notice_of_a_day_is_the_last_that_had_begun() -> None:
    def made(version: str, since: date) -> Notice:
        texts: dict[str, Any] = dict.fromkeys(
            ("who", "purpose", "way", "basis", "period", "rights", "sensitive", "children"), "x"
        )
        return Notice(version=version, valid_from=since, **texts)

    both = [made("1", date(2026, 1, 1)), made("2", date(2026, 7, 1))]
    assert notice_on(both, date(2026, 6, 30)).version == "1"
    assert notice_on(both, date(2026, 7, 1)).version == "2"
