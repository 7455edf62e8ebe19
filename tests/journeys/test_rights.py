"""A resident takes a copy of their data, has a name corrected, and learns why not everything can be deleted."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.journeys.people import PICTURE, log_in_by_code, look, staff
from weimin.kernel.directory import queries as directory

PEOPLE = {
    "phone": ("13900000061", "周演示", "周更正"),
    "desktop": ("13900000062", "吴演示", "吴更正"),
}
TOWNSHIP = "340321113000"


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_copy_correction_and_deletion(pages: Callable[[str], Page], worker: Callable[[], str], size: str) -> None:
    phone, name, right = PEOPLE[size]
    from weimin.kernel.residents.testing import make_id_number

    number = make_id_number(serial=61 if size == "phone" else 62)
    me = pages(size)
    me.goto("/privacy/?item=A3-13")
    look(me, "敏感：金融账户")
    me.click("text=看我的资料、要副本、更正、删除")
    log_in_by_code(me, phone)
    look(me, "办事前登记一次身份信息")
    me.fill("#f-name", name)
    me.fill("#f-id_number", number)
    me.select_option("#f-township", TOWNSHIP)
    me.select_option("#f-division", directory.children_of(TOWNSHIP)[0].code)
    me.click("main button:has-text('保存')")
    look(me, "保存了什么")

    me.click("text=要一份新的副本")
    look(me, "下载副本")
    link = me.locator("a:has-text('下载副本')").get_attribute("href") or ""
    bundle = zipfile.ZipFile(io.BytesIO(me.request.get(link).body()))
    assert json.loads(bundle.read("我的资料.json"))["关于我"]["身份证号"] == number

    me.click("a:has-text('更正我的信息')")
    me.click("main button:has-text('提交')")
    look(me, "请写清楚哪里不对")
    me.fill("#f-text", "姓名写错了，户口簿上是另一个字")
    me.fill("#f-name", right)
    me.set_input_files("#f-evidence", {"name": "户口簿.png", "mimeType": "image/png", "buffer": PICTURE})
    me.click("main button:has-text('提交')")
    look(me, "答复您，答复后会发消息")
    me.click("a:has-text('删除我的信息')")
    look(me, "依法要留的")
    me.click("main button:has-text('提交')")
    look(me, "我的请求")

    clerk = pages("desktop")
    staff(clerk, "liucheng.shouli")
    clerk.click("nav a:has-text('个人信息请求')")
    panel = clerk.locator(f"section:has(h2:has-text('删除我的信息　{name}'))")
    panel.locator("input[value=partly]").check()
    panel.locator("button").click()
    look(clerk, "请写明理由")
    panel.locator("textarea").fill("草稿和文件已删除，办件按档案保管期限保存。")
    panel.locator("input[value=partly]").check()
    panel.locator("button").click()
    panel = clerk.locator(f"section:has(h2:has-text('更正我的信息　{name}'))")
    panel.locator("input[value=granted]").check()
    panel.locator("textarea").fill("已核对户口簿，按您说的更正。")
    panel.locator("button").click()
    worker()

    me.goto("/my/data/")
    look(me, right)
    look(me, "已核对户口簿")
    look(me, "部分同意")
    look(me, "审计记录")

    clerk.click("nav a:has-text('个人信息请求')")
    clerk.click("a:has-text('本人在窗口的')")
    clerk.fill("#f-id_number", number)
    clerk.check("input[name=kind][value=copy]")
    clerk.click("main button:has-text('办理')")
    look(clerk, "做好了这里会变成下载链接")
    worker()
    link = clerk.locator("#copies a").first
    link.wait_for()
    assert zipfile.ZipFile(io.BytesIO(clerk.request.get(link.get_attribute("href") or "").body())).namelist()
    look(clerk, "资料副本正在做，做好了在本页下面下载")
