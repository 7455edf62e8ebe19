"""Reading a divisions file, without a database: what stands, and what each fault is told."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from weimin.kernel.directory.actions import DivisionsBroken, read_divisions, village_names
from weimin.kernel.directory.testing import shipped

HEAD = "code,name,level,parent,code_system,nbs_code\n"
PROVINCE = "340000000000,安徽省,province,,mca,340000000000\n"
CITY = "340300000000,蚌埠市,city,340000000000,mca,340300000000\n"
COUNTY = "340321000000,怀远县,county,340300000000,mca,340321000000\n"
TOWN = "340321113000,榴城镇,township,340321000000,mca,340321113000\n"


def write(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "places.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_the_shipped_list_counts_1_1_7_77_1116() -> None:
    assert Counter(row["level"] for row in shipped()) == {
        "province": 1,
        "city": 1,
        "county": 7,
        "township": 77,
        "village": 1116,
    }
    assert len({row["code"] for row in shipped()}) == 1202


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "没有一行"),
        (HEAD, "没有一行"),
        ("code,name\n340000000000,安徽省\n", "缺少这些列：level、parent、code_system"),
        (HEAD + PROVINCE.replace("340000000000,安", "34000000000,安"), "第 2 行"),
        (HEAD + PROVINCE.replace("340000000000,安", "34000000000X,安"), "第 2 行"),
        (HEAD + PROVINCE.replace("340000000000,安", "34000000000０,安"), "第 2 行"),
        (HEAD + PROVINCE.replace("340000000000,安", ",安"), "第 2 行"),
        (HEAD + PROVINCE + PROVINCE, "第 3 行的区划代码 340000000000 不是 12 位数字，或者重复"),
        (HEAD + PROVINCE + CITY.replace("蚌埠市", " "), "第 3 行 340300000000 没有名称"),
        (HEAD + PROVINCE + CITY.replace(",city,", ",prefecture,"), "层级 prefecture 不是"),
        (HEAD + PROVINCE + COUNTY, "第 3 行 怀远县 的上级 340300000000 不在前面"),
        (HEAD + PROVINCE + COUNTY.replace("340300000000", "340000000000"), "第 3 行 怀远县 是县区级"),
        (HEAD + CITY.replace("340000000000,mca", ",mca"), "第 2 行 蚌埠市 是市级"),
        (HEAD + PROVINCE + CITY + COUNTY + TOWN.replace("340321000000,mca", "340321113000,mca"), "第 5 行 榴城镇"),
        (HEAD + PROVINCE + "340300000000,蚌埠市\n", "第 3 行"),
        (HEAD + PROVINCE + CITY + COUNTY + TOWN.replace("340321113000", "340322113000"), "开头不同"),
        (HEAD + PROVINCE + CITY + COUNTY.replace("340321", "340521"), "开头不同"),
    ],
)
def test_a_file_that_cannot_stand_is_refused_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(DivisionsBroken) as fault:
        read_divisions(write(tmp_path, text))
    assert told in fault.value.message


def test_a_file_in_another_encoding_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(DivisionsBroken, match="UTF-8"):
        read_divisions(write(tmp_path, HEAD + PROVINCE, "gb18030"))


def test_a_byte_order_mark_as_spreadsheets_write_it_is_read_over(tmp_path: Path) -> None:
    rows = read_divisions(write(tmp_path, HEAD + PROVINCE + CITY, "utf-8-sig"))
    assert [row["name"] for row in rows] == ["安徽省", "蚌埠市"]


@pytest.mark.parametrize(
    ("name", "committee", "agents"),
    [
        ("涂山村村民委员会", "涂山村村民委员会", "涂山村代办点"),
        ("杨村村村民委员会", "杨村村村民委员会", "杨村村代办点"),
        ("清河村民委员会", "清河村民委员会", "清河村代办点"),
        ("清河村委会", "清河村民委员会", "清河村代办点"),
        ("清河村", "清河村民委员会", "清河村代办点"),
        ("赤龙回族村村民委员会", "赤龙回族村村民委员会", "赤龙回族村代办点"),
        ("胜利四村社区居委会", "胜利四村社区居民委员会", "胜利四村社区代办点"),
        ("阳光社区居民委员会", "阳光社区居民委员会", "阳光社区代办点"),
        ("阳光社区", "阳光社区居民委员会", "阳光社区代办点"),
        ("阳光居委会", "阳光社区居民委员会", "阳光社区代办点"),
        ("东周村村民委员会（天河）", "东周村村民委员会（天河）", "东周村代办点（天河）"),
        ("七里湖果园场生活区", "七里湖果园场生活区", "七里湖果园场生活区代办点"),
    ],
)
def test_names_of_village_bodies(name: str, committee: str, agents: str) -> None:
    assert village_names(name) == (committee, agents)


def test_no_village_body_of_the_city_has_a_doubled_ending() -> None:
    doubled = ("社区社区", "会村民委员会", "会居民委员会", "）村", "）社区")
    ending_twice = set()
    for row in shipped():
        if row["level"] == "village":
            committee, agents = village_names(row["name"])
            assert not any(part in committee + agents for part in doubled), row["name"]
            if agents.endswith("村村代办点"):
                ending_twice.add(agents)
    assert ending_twice == {"杨村村代办点", "尤村村代办点", "张村村代办点"}  # villages named after a 杨村, 尤村, 张村
