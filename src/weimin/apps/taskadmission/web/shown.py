"""The forms as pages show them, and what comes back from them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Any

from weimin.apps.taskadmission import queries
from weimin.apps.taskadmission.types import FIELDS, FORMS, MATTER_KINDS, RESPONSIBLE, Wanted
from weimin.kernel.directory import queries as directory
from weimin.ui.fields import Shown


def key_of(post: Mapping[str, Any]) -> str:
    """The form's key: what came back, or a new one."""
    return str(post.get("key", ""))[:40] or secrets.token_hex(16)


def read_wanted(post: Any) -> Wanted:
    """What was typed, as it was typed; lengths bounded so that no row grows without end."""
    names = [one for one in Wanted.__dataclass_fields__ if one not in ("places", "target", "field")]
    return Wanted(
        target=post.get("target", "township")[:10],
        field=post.get("field", "")[:12],
        places=tuple(one[:12] for one in post.getlist("places")[:400]),
        **{one: post.get(one, "")[:4000].replace("\x00", "") for one in names},
    )


def places_of(county: str, town: str) -> list[tuple[str, str]]:
    """The townships of a county, or the villages of one of its townships, to tick."""
    return [(one.code, one.name) for one in directory.children_of(town or county)]


def task_fields(wanted: Wanted, errors: Mapping[str, str], *, county: str, town: str, today: date) -> list[Shown]:
    """The questions of the form, in the order in which a clerk thinks of them."""
    village = wanted.target == "village"
    rows = queries.list_row_choices(target=wanted.target, on=today)
    spec: list[dict[str, Any]] = [
        {"name": "title", "label": "任务名称", "max_length": 100},
        {"name": "content", "label": "要做什么", "type": "textarea", "max_length": 2000},
        {
            "name": "places",
            "label": "由哪些村（社区）承接" if village else "由哪些乡镇（街道）承接",
            "type": "choices",
            "choices": places_of(county, town),
        },
        {"name": "field", "label": "属于哪一类工作", "type": "choice", "choices": list(FIELDS.items())},
        {
            "name": "responsible",
            "label": "谁是责任主体",
            "type": "choice",
            "choices": list(RESPONSIBLE.items()),
            "help": "执法、拆迁拆违、环境整治、招商引资，村（居）委会不能当责任主体",
        },
        {
            "name": "row_code",
            "label": "清单上的哪一条",
            "type": "select",
            "groups": rows,
            "blank": "不在清单上（转准入办审核）",
            "required": False,
            "help": "今天现行的条目；在清单上、要件齐全的当场准入",
        },
        {"name": "basis", "label": "依据", "max_length": 300, "help": "法律法规或文件的名称和第几条"},
        {"name": "starts", "label": "从哪天开始", "type": "date"},
        {"name": "ends", "label": "最迟哪天完成", "type": "date"},
        {
            "name": "amount",
            "label": "随任务给多少经费",
            "type": "money",
            "unit": "元",
            "help": "没有经费写 0，并说明理由",
        },
        {"name": "amount_source", "label": "钱从哪里来", "required": False, "help": "有经费时必填"},
        {
            "name": "zero_reason",
            "label": "没有经费的理由",
            "required": False,
            "max_length": 300,
            "help": "经费为 0 时必填",
        },
        {"name": "people", "label": "要多少人、什么人", "max_length": 300, "help": "人从哪里来，部门派不派人"},
        {"name": "contact", "label": "联系人和办公电话", "max_length": 120, "help": "只给承接单位看，不对外公开"},
    ]
    if village:
        spec.insert(
            3,
            {
                "name": "form",
                "label": "请村里怎么做",
                "type": "choice",
                "choices": list(FORMS.items()),
                "help": "对村只能指导、请求协助或者委托，不能下命令；委托必须给经费",
            },
        )
    return [Shown(value=getattr(wanted, one["name"]), error=errors.get(one["name"], ""), **one) for one in spec]


def matter_fields(post: Any, errors: Mapping[str, str], *, county: str) -> list[Shown]:
    """The questions of the form for a county matter."""
    return [
        Shown(
            name="kind",
            label="哪一类事项",
            type="choice",
            value=post.get("kind", ""),
            error=errors.get("kind", ""),
            choices=list(MATTER_KINDS.items()),
        ),
        Shown(name="title", label="名称", value=post.get("title", ""), error=errors.get("title", ""), max_length=100),
        Shown(
            name="content",
            label="打算怎么做，对乡镇有什么影响",
            type="textarea",
            value=post.get("content", ""),
            error=errors.get("content", ""),
            max_length=3000,
        ),
        Shown(
            name="townships",
            label="涉及哪些乡镇（街道）",
            type="choices",
            value=post.getlist("townships"),
            error=errors.get("townships", ""),
            choices=places_of(county, ""),
            help="每一个都会收到征求意见，10 个工作日内回复",
        ),
    ]
