"""The second wall: a query without any filter gives what its actor may see, and nothing else.

One world: 张 has two matters in one township, 李 one in another township of the county; each kind of personal row
hangs on both. Every member of the cast then counts every table without a filter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Q

from weimin.kernel.accounts.models import Account, CityLink
from weimin.kernel.cases import access as first_wall
from weimin.kernel.cases import actions, queries
from weimin.kernel.cases.models import Case, Draft
from weimin.kernel.cases.testing import OTHER_TOWN, TOWN, Cast, hand_in, make_cast, officer, open_step
from weimin.kernel.cases.types import SupplementItem
from weimin.kernel.directory import queries as places
from weimin.kernel.evaluation.actions import ask_about_read, rate_case
from weimin.kernel.evaluation.models import ReadQuery
from weimin.kernel.messages.models import Message
from weimin.kernel.record.access import acting
from weimin.kernel.record.actions import deliver_outbox
from weimin.kernel.record.types import Actor
from weimin.kernel.residents import queries as residents
from weimin.kernel.residents.actions import record_read
from weimin.kernel.residents.models import ReadEntry, Resident
from weimin.kernel.rights import actions as rights
from weimin.kernel.rights.models import DataCopy, DataRequest, Destruction, DestructionLine, Hold

AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
FAR_TOWN = "340322101000"
COUNTY = TOWN[:6] + "000000"
ITEM = "A3-13"


def ours() -> list[Any]:
    """The models of the house."""
    return [m for a in apps.get_app_configs() if a.name.startswith("weimin.") for m in a.get_models()]


def is_personal(model: Any) -> bool:
    """Whether the table's manifest says that it holds personal data."""
    manifest = import_module(f"{model.__module__.removesuffix('.models')}.manifest")
    return model.__name__ in getattr(manifest, "PERSONAL", ())


PERSONAL = [one for one in ours() if is_personal(one)]
#: Tables that look as if they held personal data and stand before the wall, each with its reason; the list only shrinks.
OPEN = {
    "Blob": "an address and digests; which matter a file belongs to stands in CaseFile, and its content is sealed",
    "FactorSecret": "read while somebody logs in; a sealed secret under a number that allauth's own table holds",
    "Session": "found by the digest of a key that only its browser has, before anybody is known; the content is sealed",
    "Officer": "who serves where is public office, and every page that names one reads it",
}


def test_what_hangs_on_a_person_says_that_it_is_personal() -> None:
    unsaid = []
    for model in ours():
        fields = [one for one in model._meta.get_fields() if getattr(one, "concrete", False)]
        sealed = [one.name for one in fields if one.name.endswith(("_sealed", "_index"))]
        hangs = [one.name for one in fields if one.related_model in PERSONAL]
        if (sealed or hangs) and model not in PERSONAL and model.__name__ not in OPEN:
            unsaid.append(f"{model._meta.label}: {sealed + hangs}")
    assert not unsaid
    assert {one.__name__ for one in ours()} >= set(OPEN)


@pytest.mark.django_db
@pytest.mark.parametrize("model", PERSONAL, ids=lambda m: m._meta.label)
def test_every_personal_table_is_behind_the_wall(model: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relrowsecurity, count(polname) FROM pg_class LEFT JOIN pg_policy ON polrelid = pg_class.oid"
            " AND 'weimin_app'::regrole = ANY (polroles) WHERE pg_class.oid = %s::regclass GROUP BY 1",
            [model._meta.db_table],
        )
        walled, policies = cursor.fetchone()
    assert walled and policies


@pytest.mark.django_db
def test_no_policy_opens_a_table_to_everybody() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT polname FROM pg_policy WHERE 'weimin_app'::regrole <> ALL (polroles)"
            " OR coalesce(pg_get_expr(polqual, polrelid), '') !~ 'current_setting|SELECT|_seen'"
        )
        assert cursor.fetchall() == []


@dataclass
class World:
    """The cast and who else looks."""

    cast: Cast
    viewers: dict[str, Actor]


def _matter(cast: Cast, town: str, *, clerk: Actor) -> None:
    """A matter with everything that can hang on one: asked, answered, discussed, refused, rated badly."""
    done = hand_in(cast, AT, township_code=town)
    step = {"by": clerk, "at": AT, "case_id": done.case_id, "step_id": open_step(done.case_id, clerk)}
    actions.add_comment(by=clerk, at=AT, case_id=done.case_id, text="请核对")
    actions.ask_supplement(**step, items=[SupplementItem("bank_card", "银行卡", "请重拍")])
    actions.answer_supplement(by=cast.applicant, at=AT, case_id=done.case_id, file_ids=(), replies={"bank_card": "好"})
    actions.refuse_application(**step, reasons="不在受理范围之内", basis="行政许可法第三十二条")
    rate_case(by=cast.applicant, at=AT, number=done.number, grade=5, comment="没说清楚")
    actions.save_draft(by=cast.applicant, at=AT, item_code=ITEM, township_code=town, answers={})
    me = cast.applicant.resident_id or 0
    entry = record_read(by=clerk, at=AT, shown=[(me, done.number)], why="办理", path="desk:case")
    ask_about_read(by=cast.applicant, at=AT, entry_id=entry or 0, question="为什么看我的资料")
    asked = rights.ask(by=cast.applicant, at=AT, kind="delete", wish={})
    DataRequest.objects.filter(pk=asked).update(agency=clerk.agency)
    rights.ask_copy(by=cast.applicant, at=AT)
    listed = Destruction.objects.create(number=f"X{me}", township_id=town, klass="y10", state="done", proposed_at=AT)
    DestructionLine.objects.create(
        destruction=listed, case_id=done.case_id, number=done.number, item_name="x", ended_on=AT.date()
    )
    Hold.objects.create(case_id=done.case_id, kind="lawsuit", note="演示", placed_at=AT, placed_by="演示")
    index = bytes([me % 256]) * 32
    CityLink.objects.create(account_id=cast.applicant.account_id, issuer="x", subject_index=index, linked_at=AT)


@pytest.fixture
def world(city: None, db: Any, settings: Any, tmp_path: Any) -> Iterator[World]:
    settings.WEIMIN_FILES = str(tmp_path)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cast = make_cast(AT)
    other = replace(cast, applicant=cast.neighbour)
    _matter(cast, TOWN, clerk=cast.clerk)
    hand_in(cast, AT)
    _matter(other, OTHER_TOWN, clerk=cast.stranger)
    while deliver_outbox(at=AT):
        pass
    viewers = {
        "nobody": Actor.anonymous(),
        "张": cast.applicant,
        "李": cast.neighbour,
        "clerk of 张's township": cast.clerk,
        "clerk of 李's township": cast.stranger,
        "client of 张's township": replace(cast.clerk, kind="client", via="api"),
        "clerk without a post": replace(cast.clerk, post_id=None),
        "leader of 张's township": officer(AT, "township", ("leader",), lead="政府办"),
        "county reviewer": cast.county,
        "county supervisor": officer(AT, "county", ("supervisor",)),
        "clerk of another county": officer(AT, "accepting", ("front_desk",), town=FAR_TOWN),
        "audit administrator": officer(AT, "county", ("audit_admin",), town=FAR_TOWN, lead="政府办"),
        "reviewer of another county": officer(AT, "county", ("reviewer",), town=FAR_TOWN),
        "administrator": officer(AT, "county", ("system_admin",), lead="政府办"),
    }
    for name, place in (("the township", TOWN), ("the county", COUNTY), ("another county", FAR_TOWN[:6] + "000000")):
        seen = replace(viewers["administrator"], glass_place=place, glass_why="应急查看")
        viewers[f"administrator with break-glass for {name}"] = seen
    yield World(cast, viewers)


#: Whose rows each viewer finds in the tables that hang on matters.
SEES = {
    "nobody": "",
    "张": "张",
    "李": "李",
    "clerk of 张's township": "张",
    "clerk of 李's township": "李",
    "client of 张's township": "张",
    "clerk without a post": "",
    "leader of 张's township": "张",
    "county reviewer": "张李",
    "county supervisor": "张李",
    "clerk of another county": "",
    "audit administrator": "",
    "reviewer of another county": "",
    "administrator": "",
    "administrator with break-glass for the township": "张",
    "administrator with break-glass for the county": "张李",
    "administrator with break-glass for another county": "",
}
STAFF = {name for name in SEES if name not in ("nobody", "张", "李")}
#: By which path a row belongs to a person.
OWNER = {
    "Case": "applicant",
    "CaseFile": "case__applicant",
    "Step": "case__applicant",
    "Supplement": "case__applicant",
    "Decision": "case__applicant",
    "Paper": "case__applicant",
    "TimelineEntry": "case__applicant",
    "Comment": "case__applicant",
    "Rating": "case__applicant",
    "Repair": "rating__case__applicant",
    "Resident": "pk",
    "Draft": "account__pk",
    "Message": "resident",
    "ReadEntry": "residents__contains",
    "ReadQuery": "resident",
    "CityLink": "account",
    "Account": "pk",
    "DataRequest": "resident",
    "DataCopy": "resident",
    "DestructionLine": "case__applicant",
    "Hold": "case__applicant",
}


def test_the_table_names_every_personal_table() -> None:
    assert set(OWNER) == {one.__name__ for one in PERSONAL}


def expected(world: World, model: Any, viewer: str) -> set[int]:
    """What a viewer may see of a table, worked out by the platform, which sees all."""
    people = {"张": world.cast.applicant, "李": world.cast.neighbour}
    path = OWNER[model.__name__]

    def owned(one: Actor) -> set[int]:
        key: Any = one.account_id if model in (Draft, Account, CityLink) else one.resident_id
        return set(model.objects.filter(**{path: [key] if "contains" in path else key}).values_list("pk", flat=True))

    rows = {name: owned(one) for name, one in people.items()}
    assert all(rows.values()), f"the world holds no {model.__name__} of somebody"
    me = world.viewers[viewer]
    if model in (Draft, Message, CityLink, DataCopy):
        # one's own, and nobody else's: no clerk reads them
        return rows.get(viewer, set())
    if model in (ReadEntry, ReadQuery) and viewer == "audit administrator":
        return set(model.objects.values_list("pk", flat=True))
    if model is ReadEntry and viewer in STAFF:
        # one's own looks at others, and those that the agencies of one's place were asked about
        own = set(ReadEntry.objects.filter(account_id=me.account_id).values_list("pk", flat=True))
        asked = ReadQuery.objects.filter(pk__in=expected(world, ReadQuery, viewer))
        return own | set(asked.values_list("entry", flat=True))
    seen = set().union(*(rows[name] for name in SEES[viewer])) if SEES[viewer] else set()
    if model is Account and viewer in STAFF:
        # colleagues' log-in names, beside the people of one's matters
        seen |= set(Account.objects.filter(kind="staff").values_list("pk", flat=True))
    return seen


@pytest.mark.parametrize("viewer", SEES)
def test_a_query_without_a_filter_gives_what_its_actor_may_see(world: World, viewer: str) -> None:
    for model in PERSONAL:
        wanted = expected(world, model, viewer)
        with acting(world.viewers[viewer]):
            found = set(model.objects.values_list("pk", flat=True))
            counted = model.objects.count()
        assert found == wanted, model.__name__
        assert counted == len(wanted)


def test_nobody_told_is_nothing_seen(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE weimin_app")
        for model in PERSONAL:
            cursor.execute(f"SELECT count(*) FROM {model._meta.db_table}")  # noqa: S608
            assert cursor.fetchone() == (0,), model.__name__


def test_an_emptied_setting_opens_no_more_than_one_never_made(world: World) -> None:
    """After a transaction PostgreSQL keeps the names of settings, with '' in them."""
    with acting(Actor(kind="staff", name="", post_id=1, agency_id=None, division_code="")):
        for model in PERSONAL:
            staff = Q(pk__in=Account.objects.filter(kind="staff")) if model is Account else Q()
            assert not (model.objects.exclude(staff) if staff else model.objects).exists(), model.__name__


@pytest.mark.parametrize("viewer", SEES)
def test_the_second_wall_hides_nothing_that_the_first_one_shows(world: World, viewer: str) -> None:
    actor = world.viewers[viewer]
    before = set(first_wall.visible_cases(actor).values_list("pk", flat=True))
    steps = set(first_wall.workable_steps(actor).values_list("pk", flat=True))
    with acting(actor):
        assert set(first_wall.visible_cases(actor).values_list("pk", flat=True)) == before
        assert set(first_wall.workable_steps(actor).values_list("pk", flat=True)) == steps
        for number in Case.objects.filter(pk__in=before).values_list("number", flat=True):
            view = queries.get_case(actor, number)
            assert view.files and view.papers and view.timeline and view.case.applicant.name


def test_a_matter_that_another_place_works_on_is_seen_by_who_works_on_it(world: World) -> None:
    """Handed to an agency outside of the place: the step opens the matter, its parts and its applicant."""
    far = world.viewers["reviewer of another county"]
    case = Case.objects.filter(applicant=world.cast.applicant.resident_id).latest("pk")
    with acting(far):
        assert not Case.objects.exists()
    case.steps.filter(state="open").update(agency=far.agency)
    with acting(far):
        assert list(Case.objects.all()) == [case]
        assert list(Resident.objects.values_list("pk", flat=True)) == [world.cast.applicant.resident_id]


def test_at_the_entrance_accounts_are_found_and_nothing_else(world: World) -> None:
    everybody = Account.objects.count()
    with acting(Actor.anonymous(), entrance=True):
        assert Account.objects.count() == everybody
        assert [one.__name__ for one in PERSONAL if one.objects.exists()] == ["Account", "CityLink"]


def test_a_whole_number_opens_one_person_and_no_neighbour(world: World) -> None:
    far = world.viewers["clerk of another county"]
    with acting(far):
        found = residents.find_by_id_number("340300190001010011")
        assert found == world.cast.applicant.resident_id
        assert list(Resident.objects.values_list("pk", flat=True)) == [found]
        assert not Case.objects.exists()
    with acting(far):
        assert not Resident.objects.exists()


def test_a_receipt_opens_one_matter_to_who_holds_it_and_only_with_its_code(world: World) -> None:
    from weimin.kernel.cases.rules.numbers import receipt_code

    number = Case.objects.values_list("number", flat=True).earliest("pk")
    with acting(Actor.anonymous()):
        assert queries.verify_receipt(number=number, code="AAAA-AAAA") is None
        assert not Case.objects.exists()
        assert queries.verify_receipt(number=number, code=receipt_code(number))
        assert list(Case.objects.values_list("number", flat=True)) == [number]
        # with the matter come its parts and its applicant; what of them is shown, the first wall says
        assert list(Resident.objects.values_list("pk", flat=True)) == [world.cast.applicant.resident_id]


@pytest.mark.parametrize("viewer", ["clerk of 李's township", "李", "nobody", "clerk of another county"])
def test_nobody_writes_what_they_do_not_see(world: World, viewer: str) -> None:
    theirs = Case.objects.filter(applicant=world.cast.applicant.resident_id)
    before = list(theirs.values_list("state", "revision"))
    with acting(world.viewers[viewer]):
        assert theirs.update(state="closed") == 0
        assert Resident.objects.filter(pk=world.cast.applicant.resident_id).update(name="别人") == 0
        assert theirs.delete()[0] == 0
    assert list(theirs.values_list("state", "revision")) == before


def test_a_look_is_noted_in_nobodys_name_but_ones_own(world: World) -> None:
    from django.db import ProgrammingError

    shown = [(world.cast.neighbour.resident_id or 0, "")]
    with pytest.raises(ProgrammingError, match="row-level security"), acting(world.cast.stranger):
        record_read(by=world.cast.clerk, at=AT, shown=shown, why="冒名", path="desk:case")


#: An item that any township takes in.
SUBSIDY = {
    "who_for": "self",
    "home_county": TOWN,
    "holder": "own",
    "bank_name": "徽商银行",
    "account_number": "6222000000000000001",
}


def test_an_application_for_another_place_is_taken_in_and_then_theirs(world: World) -> None:
    """A counter of one county takes in for a township of another: only the number opens it, and only meanwhile."""
    far = world.viewers["clerk of another county"]
    cast = replace(world.cast, applicant=far)
    with acting(far):
        found = residents.find_by_id_number("340300190001010011")
        done = hand_in(cast, AT, applicant_id=found, item_code="A6-35", answers=SUBSIDY)
        assert done.next_steps
    with acting(far):
        assert not Case.objects.filter(pk=done.case_id).exists()
    with acting(world.cast.clerk):
        assert Case.objects.filter(pk=done.case_id).exists()


def test_a_village_agent_takes_in_for_the_township(world: World) -> None:
    """An agent's place is a village, and no matter's place is one."""
    village = places.children_of(TOWN)[0].code
    agent = replace(
        world.cast.clerk, division_code=village, agency_id=world.viewers["reviewer of another county"].agency_id
    )
    with acting(agent):
        found = residents.find_by_id_number("340300190001010011")
        assert hand_in(replace(world.cast, applicant=agent), AT, applicant_id=found).number
