"""Registering people and bodies: sealed, found again, linked to the right log-in, corrected."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from weimin.base import clock, crypto, looking
from weimin.base.errors import Invalid
from weimin.base.identifiers import IdentifierInvalid
from weimin.kernel.accounts.models import Account
from weimin.kernel.accounts.testing import AT, tables_holding
from weimin.kernel.record.models import AuditEntry
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import actions, queries
from weimin.kernel.residents.actions import AlreadyLinked, NameDiffers, NotAtCounter
from weimin.kernel.residents.models import ReadEntry, Resident
from weimin.kernel.residents.queries import ResidentUnknown
from weimin.kernel.residents.testing import CLERK, look, make_id_number, register, resident_actor, village

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
NUMBER = make_id_number()
PHONE, OTHER_PHONE = "13900000001", "13900000002"
USCC = "93340321MA00000318"


def actions_of(verb: str) -> int:
    return AuditEntry.objects.filter(verb=verb).count()


# --- registering -------------------------------------------------------------------------------------------
def test_a_person_is_shown_masked_and_found_by_number() -> None:
    pk = register()
    card = queries.get_card(resident_id=pk)
    assert (card.kind, card.name) == ("person", "王秀英")
    assert card.id_masked == NUMBER[:6] + "*" * 11 + NUMBER[-1]
    assert card.phone_masked == "139******01"
    assert card.birth_date == date(1900, 3, 5)
    assert card.place.startswith("怀远县榴城镇")
    assert queries.find_by_id_number(NUMBER) == pk
    assert queries.find_by_id_number(make_id_number(serial=3)) is None
    assert queries.get_name(resident_id=pk) == "王秀英"
    assert queries.phone_for_notices(resident_id=pk) == PHONE


def test_neither_number_nor_phone_is_anywhere_in_clear() -> None:
    register(by=resident_actor())
    assert tables_holding(NUMBER) == []
    assert tables_holding(PHONE) == []


def test_sealed_values_open_only_for_their_purpose() -> None:
    row = Resident.objects.get(pk=register())
    assert crypto.unseal(row.id_sealed, purpose=queries.ID) == NUMBER
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(row.id_sealed, purpose=queries.PHONE)
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(bytes(row.id_sealed)[:-1] + b"\x00\x01", purpose=queries.ID)


@pytest.mark.parametrize("again", [NUMBER, NUMBER.lower(), f" {NUMBER[:6]} {NUMBER[6:14]}-{NUMBER[14:]}", "old"])
def test_the_same_person_is_registered_once_however_typed(again: str) -> None:
    pk = register()
    number = NUMBER[:6] + NUMBER[8:17] if again == "old" else again
    assert register(id_number=number) == pk
    assert Resident.objects.count() == 1
    assert actions_of("residents.resident.registered") == 1


def test_the_trail_names_the_door_and_nothing_of_the_person() -> None:
    pk = register()
    entry = AuditEntry.objects.get(verb="residents.resident.registered")
    assert (entry.subject_id, entry.changes) == (str(pk), {"via": "desk"})


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "请填写姓名"),
        ("name", "王", "请按身份证填写"),
        ("id_number", " ", "请填写身份证号"),
        ("id_number", "123", "应为 18 位"),
        ("id_number", NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1"), "校验不通过"),
        ("id_number", "340321190002291232", "日期"),
        ("id_number", make_id_number(birth=date(2026, 3, 3)), "还没有到"),
        ("id_number", make_id_number(birth=date(2099, 1, 1)), "还没有到"),
        ("phone", "", "请填写手机号"),
        ("phone", "12900000001", "11 位"),
        ("division_code", "", "请选择"),
        ("division_code", "999999999999", "请选择"),
        ("division_code", "340300000000", "请选择"),
    ],
)
def test_a_wrong_field_is_named_with_its_sentence(field: str, value: str, says: str) -> None:
    with pytest.raises(Invalid) as fault:
        register(**{field: value})
    name = field.removesuffix("_code")
    assert list(fault.value.fields) == [name]
    assert says in fault.value.fields[name]
    assert not Resident.objects.exists()


def test_all_wrong_fields_are_named_at_once() -> None:
    with pytest.raises(Invalid) as fault:
        register(name="", id_number="", phone="", division_code="")
    assert set(fault.value.fields) == {"name", "id_number", "phone", "division"}


def test_somebody_born_today_can_be_registered() -> None:
    assert register(id_number=make_id_number(birth=date(2026, 3, 2)))


def test_another_name_under_the_number_is_refused_in_words() -> None:
    pk = register()
    with pytest.raises(NameDiffers, match="户口簿") as fault:
        register(name="王秀兰")
    assert "户口簿" in fault.value.fields["name"]
    assert "王秀英" not in str(fault.value)
    assert queries.get_name(resident_id=pk) == "王秀英"


def test_two_at_once_leave_one_person(monkeypatch: pytest.MonkeyPatch) -> None:
    real, done = actions._require_free, []

    def look(account_id: int | None) -> None:
        real(account_id)
        if not done:  # another request registers the person between our look and our insert
            done.append(0)
            done.append(register())

    monkeypatch.setattr(actions, "_require_free", look)
    assert register() == done[1]
    assert Resident.objects.count() == 1


@given(st.integers(0, 999), st.integers(0, 999))
def test_indexes_are_equal_only_for_equal_numbers(one: int, two: int) -> None:
    left, right = make_id_number(serial=one), make_id_number(serial=two)
    assert (queries.id_index(left) == queries.id_index(right)) is (one == two)


# --- the log-in --------------------------------------------------------------------------------------------------
def test_a_resident_who_registers_links_their_own_log_in() -> None:
    me = resident_actor(PHONE)
    pk = register(by=me)
    assert queries.find_resident_id(account_id=me.account_id or 0) == pk
    assert Account.objects.get(pk=me.account_id).display_name == "王秀英"
    assert register(by=me) == pk


def test_staff_never_link_their_own_log_in() -> None:
    register(by=CLERK)
    assert Resident.objects.get().account_id is None


def test_somebody_known_at_the_counter_is_linked_by_the_same_phone() -> None:
    pk = register(by=CLERK, phone=PHONE)
    me = resident_actor(PHONE)
    assert register(by=me, phone=PHONE) == pk
    assert queries.find_resident_id(account_id=me.account_id or 0) == pk


def test_name_and_number_alone_do_not_open_somebody_elses_data() -> None:
    register(by=CLERK, phone=PHONE)
    stranger = resident_actor(OTHER_PHONE)
    with pytest.raises(AlreadyLinked, match="窗口"):
        register(by=stranger, phone=OTHER_PHONE)
    assert queries.find_resident_id(account_id=stranger.account_id or 0) is None


def test_a_linked_person_is_not_taken_over_by_another_log_in() -> None:
    me = resident_actor(PHONE)
    pk = register(by=me)
    with pytest.raises(AlreadyLinked):
        register(by=resident_actor(OTHER_PHONE), phone=PHONE)
    assert queries.find_resident_id(account_id=me.account_id or 0) == pk


@pytest.mark.parametrize("known", [True, False])
def test_one_log_in_is_one_person(known: bool) -> None:
    me = resident_actor(PHONE)
    pk = register(by=me)
    other = make_id_number(serial=8)
    if known:  # say, a husband who gave his wife's phone at the counter
        register(by=CLERK, name="李国强", id_number=other, phone=PHONE)
    with pytest.raises(AlreadyLinked, match="另一个人"):
        register(by=me, name="李国强", id_number=other)
    assert queries.find_resident_id(account_id=me.account_id or 0) == pk


def test_staff_find_a_person_without_changing_the_log_in() -> None:
    me = resident_actor(PHONE)
    pk = register(by=me)
    assert register(by=CLERK, phone=OTHER_PHONE) == pk
    row = Resident.objects.get(pk=pk)
    assert row.account_id == me.account_id
    assert queries.phone_for_notices(resident_id=pk) == PHONE


# --- bodies ------------------------------------------------------------------------------------------------------
def make_body(**more: Any) -> int:
    body = {"name": "怀远县某某种植专业合作社", "uscc": USCC, "phone": PHONE, "division_code": village()}
    return actions.register_body(by=CLERK, at=AT, **(body | more))


def test_a_body_is_registered_once_and_shown_masked() -> None:
    pk = make_body()
    assert make_body(uscc=USCC.lower()) == pk
    card = queries.get_card(resident_id=pk)
    assert (card.kind, card.birth_date) == ("body", None)
    assert USCC not in str(card)
    assert tables_holding(USCC) == []
    assert actions_of("residents.resident.registered") == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("uscc", "113403210000000190"), ("uscc", ""), ("phone", ""), ("phone", "1"),
     ("division_code", ""), ("division_code", "999999999999")],
)  # fmt: skip
def test_a_bodys_wrong_field_is_named(field: str, value: str) -> None:
    with pytest.raises(Invalid) as fault:
        make_body(**{field: value})
    assert list(fault.value.fields) == [field.removesuffix("_code")]
    assert not Resident.objects.exists()


def test_a_body_under_another_name_is_refused() -> None:
    make_body()
    with pytest.raises(NameDiffers):
        make_body(name="另一家合作社")


# --- correcting ----------------------------------------------------------------------------------------------------
def correct(resident_id: int, by: Actor = CLERK, **fields: str) -> list[str]:
    return actions.correct_resident(by=by, at=AT, resident_id=resident_id, **fields)


def test_the_counter_corrects_what_differs_and_says_what() -> None:
    pk = register()
    assert correct(pk, name="王秀瑛", phone=OTHER_PHONE, division_code=village(1)) == ["name", "phone", "division"]
    card = queries.get_card(resident_id=pk)
    assert (card.name, card.phone_masked, card.division_code) == ("王秀瑛", "139******02", village(1))
    entry = AuditEntry.objects.get(verb="residents.resident.corrected")
    assert entry.changes == {"fields": ["name", "phone", "division"], "via": "desk"}
    assert tables_holding(OTHER_PHONE) == []


def test_nothing_new_changes_nothing() -> None:
    pk = register()
    assert correct(pk) == []
    assert correct(pk, name="王秀英", phone=PHONE, division_code=village()) == []
    assert actions_of("residents.resident.corrected") == 0


def test_a_new_phone_moves_the_person_to_the_new_log_in() -> None:
    old = resident_actor(PHONE)
    pk = register(by=old)
    correct(pk, phone=OTHER_PHONE)
    assert queries.find_resident_id(account_id=old.account_id or 0) is None
    new = resident_actor(OTHER_PHONE)
    assert register(by=new, phone=OTHER_PHONE) == pk
    assert queries.find_resident_id(account_id=new.account_id or 0) == pk


def test_a_new_name_shows_at_the_log_in_too() -> None:
    me = resident_actor()
    pk = register(by=me)
    correct(pk, name="王秀瑛")
    assert Account.objects.get(pk=me.account_id).display_name == "王秀瑛"
    assert queries.find_resident_id(account_id=me.account_id or 0) == pk


@pytest.mark.parametrize(("field", "value"), [("name", "王"), ("phone", "123"), ("division_code", "999999999999")])
def test_a_wrong_correction_is_named_and_changes_nothing(field: str, value: str) -> None:
    pk = register()
    with pytest.raises(Invalid) as fault:
        correct(pk, **({"name": "王秀瑛", "phone": OTHER_PHONE} | {field: value}))
    assert list(fault.value.fields) == [field.removesuffix("_code")]
    assert queries.get_card(resident_id=pk).name == "王秀英"


@pytest.mark.parametrize(
    "by", [replace(CLERK, roles=frozenset({"reviewer"})), Actor.anonymous(), Actor(kind="resident", name="甲")]
)
def test_only_the_counter_corrects(by: Actor) -> None:
    pk = register()
    with pytest.raises(NotAtCounter):
        correct(pk, by=by, name="王秀瑛")


# --- reading -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("read", [queries.get_card, queries.get_name])
def test_an_unknown_person_is_said_in_words(read: Any) -> None:
    with pytest.raises(ResidentUnknown, match="没有这个人的登记"):
        read(resident_id=0)


def test_unknown_people_have_no_phone_and_no_log_in() -> None:
    assert queries.phone_for_notices(resident_id=0) == ""
    assert queries.find_resident_id(account_id=0) is None
    with pytest.raises(ResidentUnknown):
        correct(0, name="王秀瑛")


def test_a_number_that_is_none_is_no_look_up() -> None:
    with pytest.raises(IdentifierInvalid):
        queries.find_by_id_number("340321190002281230")


def test_a_look_by_staff_is_kept_and_the_persons_own_is_not() -> None:
    pk = register()
    other = register(name="李国强", id_number=make_id_number(serial=8))
    look(pk, why="办理高龄津贴", matter="340321113-2026-0001")
    own = {"at": AT, "shown": [(pk, "")], "why": "本人查看", "path": "portal:profile"}
    assert actions.record_read(by=resident_actor(PHONE, resident_id=pk), **own) is None
    line = queries.list_reads(resident_id=pk)
    assert [(one.who, one.why, one.matters, one.door) for one in line] == [
        ("榴城镇便民服务中心 张伟", "办理高龄津贴", ("340321113-2026-0001",), "工作台")
    ]
    assert queries.list_reads(resident_id=other) == []
    look(pk, by=resident_actor(OTHER_PHONE, resident_id=other))
    assert ReadEntry.objects.filter(residents__contains=[pk]).count() == 2


def test_one_look_at_many_is_one_entry_in_which_each_finds_only_their_own_matters() -> None:
    mine, other = register(), register(name="李国强", id_number=make_id_number(serial=8))
    actions.record_read(
        by=CLERK, at=AT, shown=[(mine, "N-1"), (other, "N-2"), (mine, "N-3"), (other, "")], why="列表", path="desk:home"
    )
    assert ReadEntry.objects.count() == 1
    assert queries.list_reads(resident_id=mine)[0].matters == ("N-1", "N-3")
    assert queries.list_reads(resident_id=other)[0].matters == ("N-2",)
    assert ReadEntry.objects.get().no_matter
    assert actions.record_read(by=CLERK, at=AT, shown=[], why="列表", path="desk:home") is None


@pytest.mark.parametrize("change", ["UPDATE residents_readentry SET why = '没看过'", "DELETE FROM residents_readentry"])
def test_the_database_refuses_to_change_the_log(change: str) -> None:
    look(register(), at=clock.now())
    with (
        pytest.raises(DatabaseError, match="never changed, and kept for three years"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)


def test_what_is_older_than_three_years_may_go() -> None:
    look(register(), at=clock.now() - timedelta(days=3 * 366))
    assert ReadEntry.objects.all().delete()[0] == 1


@pytest.mark.parametrize("reason", ["", "看一下", "  看 一 下  "])
def test_a_number_is_not_shown_whole_without_a_reason(reason: str) -> None:
    pk = register()
    with looking.collecting() as looks, pytest.raises(looking.ReasonTooShort, match="至少 5 个字"):
        queries.reveal(resident_id=pk, field="phone", reason=reason)
    assert not looks


def test_a_number_is_not_shown_whole_where_nothing_is_written_down() -> None:
    with pytest.raises(looking.NotRecorded):
        queries.reveal(resident_id=register(), field="phone", reason="当面核对手机号")


def test_one_number_is_shown_whole_and_named_in_the_entry() -> None:
    pk = register()
    with looking.collecting() as looks:
        assert queries.reveal(resident_id=pk, field="phone", reason="当面核对手机号", matter="N-1") == PHONE
    assert (list(looks.people), looks.revealed, looks.reason) == ([(pk, "N-1")], "手机号", "当面核对手机号")
    with looking.collecting(), pytest.raises(queries.FieldUnknown):
        queries.reveal(resident_id=pk, field="name", reason="当面核对姓名")
    with looking.collecting(), pytest.raises(ResidentUnknown):
        queries.reveal(resident_id=0, field="phone", reason="当面核对手机号")


def test_a_long_reason_is_cut_rather_than_lost() -> None:
    pk = register()
    look(pk, by=replace(CLERK, agency_name="长" * 200), why="因" * 300, matter="x" * 99, path="y" * 99)
    line = queries.list_reads(resident_id=pk)[0]
    assert (len(line.who), len(line.why), len(line.matters[0])) == (120, 200, 32)


@pytest.mark.parametrize("count", [1, 40])
def test_the_list_of_looks_costs_two_queries(count: int) -> None:
    pk = register()
    for _ in range(count):
        look(pk)
    with CaptureQueriesContext(connection) as seen:
        assert len(queries.list_reads(resident_id=pk)) == count
    assert len(seen) == 2
    assert len(queries.list_reads(resident_id=pk, limit=5)) == min(5, count)
