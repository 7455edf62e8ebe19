"""The demonstration's tasks: at every stage, once."""

from __future__ import annotations

import pytest

from weimin.apps.taskadmission.models import Attempt, Matter, Report, Task
from weimin.config import admissions
from weimin.config import city as loading
from weimin.kernel.directory.testing import AT


@pytest.mark.django_db
@pytest.mark.usefixtures("city")
def test_the_demonstration_shows_every_stage_of_the_gate_once() -> None:
    assert loading.load_demo(at=AT)["tasks"] == 3
    assert {one.title: one.state for one in Task.objects.all()} == {
        "核对高龄津贴对象": "admitted",
        "汛前排查沟渠涵闸": "asked",
        "收集学生家庭照片": "refused",
    }
    assert set(Attempt.objects.filter(task=None).values_list("outcome", flat=True)) == {"incomplete", "barred"}
    report = Report.objects.get()
    assert report.place_id != report.township_id
    assert sorted(one.state for one in Matter.objects.get().opinions.all()) == ["answered", "asked", "asked"]
    assert admissions.load_tasks(at=AT) == 0
    assert Attempt.objects.count() == 5
