"""What was typed goes back into the form it was typed into, and nowhere else."""

from __future__ import annotations

import pytest

from weimin.ui.refill import note, refill

PAGE = """<!doctype html><main class="wrap" id="main"><h1>办件</h1>
<form method="get" action="/find/"><input name="name" value="别动"></form>
<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="fresh"><input type="hidden" name="revision" value="7">
<label for="a">姓名</label><input type="text" id="a" name="name" value="" maxlength="40" autofocus>
<input type="password" name="password"><input type="file" name="photo">
<input type="radio" name="outcome" value="approve" checked><input type="radio" name="outcome" value="deny">
<input type="checkbox" name="ask" value="x"><input type="checkbox" name="ask" value="y" checked>
<select name="place"><option value="">请选择</option><option value="1" selected>甲</option><option value="2">乙</option></select>
<textarea name="reasons">旧的</textarea><button name="next_one" value="1">下一件</button></form>
<details><summary>停钟</summary><form method="post" action="/here/pause/"><input type="hidden" name="clock" value="1">
<input name="reason" value=""></form></details>
<details><summary>停钟</summary><form method="post" action="/here/pause/"><input type="hidden" name="clock" value="2">
<input name="reason" value=""></form></details></main>"""


def fill(typed: dict[str, list[str]], action: str = "/here/", page: str = PAGE) -> tuple[str, bool, dict[str, str]]:
    done = refill(page, address="/here/", action=action, typed=typed)
    return done.page, done.found, dict(done.left)


def test_every_kind_of_question_is_filled() -> None:
    page, found, left = fill(
        {"name": ["王秀英"], "outcome": ["deny"], "ask": ["x"], "place": ["2"], "reasons": ["一\n二"]}
    )
    assert found and not left
    assert '<input type="text" id="a" name="name" value="王秀英" maxlength="40" autofocus>' in page
    assert 'value="deny" checked' in page and 'value="approve" checked' not in page
    assert 'name="ask" value="x" checked' in page and 'value="y" checked' not in page
    assert '<option value="2" selected>' in page and '<option value="1">' in page
    assert '<textarea name="reasons">一\n二</textarea>' in page
    assert '<input name="name" value="别动">' in page, "another form is another form"


def test_an_unticked_box_stays_unticked_and_a_name_not_sent_stays_as_it_is() -> None:
    page, _, _ = fill({"outcome": ["deny"]})
    assert 'value="y" checked' not in page
    assert "旧的" in page and '<option value="1" selected>' in page


def test_tokens_revisions_passwords_and_files_stay_as_the_fresh_page_has_them() -> None:
    page, _, left = fill({"revision": ["3"], "password": ["geheim"], "photo": ["x"], "csrfmiddlewaretoken": ["old"]})
    assert 'name="revision" value="7"' in page and 'value="fresh"' in page
    assert "geheim" not in page and not left


@pytest.mark.parametrize("clock", ["1", "2"])
def test_of_several_forms_the_one_with_the_same_fixed_values_is_filled_and_unfolded(clock: str) -> None:
    page, _, _ = fill({"clock": [clock], "reason": ["检测"]}, action="/here/pause/")
    first, second = page.split("<summary>停钟</summary>")[1:]
    assert ("检测" in first, "检测" in second) == (clock == "1", clock == "2")
    assert page.count("<details open>") == 1
    assert page.index("停钟", page.index("<details open>")) < page.index('<span id="refilled"></span><form')


def test_what_finds_no_place_is_given_back() -> None:
    _, found, left = fill({"name": ["王"], "elder": ["是"], "empty": [" "], "key": ["k"]})
    assert (found, left) == (True, {"elder": "是"})
    same, found, left = fill({"name": ["王"]}, action="/gone/")
    assert (same, found, left) == (PAGE, False, {"name": "王"})


@pytest.mark.parametrize("text", ['"><script>alert(1)</script>', "</textarea><b>", "a&amp;b", "'", "<!--", "\\"])
def test_nothing_typed_becomes_markup(text: str) -> None:
    page, _, _ = fill({"name": [text], "reasons": [text]})
    assert page.count("<") == PAGE.count("<") + 2, "the place of the form"
    again, _, _ = fill({"place": ["2"]}, page=page)
    assert again.count("<") == page.count("<") + 2, "filled pages are read back as they are"
    noted = note(PAGE, [text])
    assert noted.count("<") == PAGE.count("<") + 4


def test_a_note_stands_at_the_top_of_the_main_part() -> None:
    assert note(PAGE, ["请核对"]).startswith('<!doctype html><main class="wrap" id="main"><div class="note careful"')
    assert '<a href="#refilled">到那里</a>' in note(PAGE, ["请核对"], link="到那里")
    assert note("<p>没有</p>", ["请核对"]) == "<p>没有</p>"
