"""Put what was typed back into a form of a finished page: any page of ours, without its view knowing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

Typed = Mapping[str, Sequence[str]]
#: Kept as the fresh page has them: they belong to the page, not to what was typed.
_PAGE_OWN = frozenset({"csrfmiddlewaretoken", "revision", "key", "next"})
#: Where a filled form stands in its page, for a link to it.
PLACE = "refilled"
_NOT_TYPED = frozenset({"password", "file", "submit", "button", "image", "reset"})


@dataclass(slots=True)
class Control:
    """One input, text area, choice or button of a form, and where it stands in the page."""

    kind: str
    name: str
    value: str
    start: int
    end: int
    attrs: dict[str, str | None]
    content_end: int = 0


@dataclass(slots=True)
class Form:
    """One posting form of a page, with the folded parts it stands in."""

    action: str
    details: tuple[tuple[int, int], ...]
    start: int
    controls: list[Control] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Refilled:
    """The page with the values in it, and what found no place: names and values."""

    page: str
    found: bool
    left: tuple[tuple[str, str], ...]


class _Reader(HTMLParser):
    """Finds the posting forms of a page and its main part."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.lines = [0]
        for line in page.splitlines(keepends=True):
            self.lines.append(self.lines[-1] + len(line))
        self.forms: list[Form] = []
        self.main_at = -1
        self._form: Form | None = None
        self._details: list[tuple[int, int]] = []
        self._select = ""
        self._area: Control | None = None
        self.feed(page)

    def _here(self) -> int:
        line, column = self.getpos()
        return self.lines[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, a control of the present form, a folded part, or the main part."""
        start, given = self._here(), dict(attrs)
        end = start + len(self.get_starttag_text() or "")
        if tag == "main":
            self.main_at = end
        elif tag == "details":
            self._details.append((start, end))
        elif tag == "form" and (given.get("method") or "").lower() == "post":
            self._form = Form(given.get("action") or "", tuple(self._details), start)
            self.forms.append(self._form)
        elif self._form is not None:
            self._control(self._form, tag, given, start, end)

    def _control(self, form: Form, tag: str, given: dict[str, str | None], start: int, end: int) -> None:
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "select":
            self._select = name
        elif tag == "option":
            form.controls.append(Control("option", self._select, value, start, end, given))
        elif tag in ("input", "textarea", "button") and name:
            kind = (given.get("type") or "text").lower() if tag == "input" else tag
            one = Control(kind, name, value, start, end, given)
            form.controls.append(one)
            self._area = one if tag == "textarea" else self._area

    def handle_endtag(self, tag: str) -> None:
        """Leave a form, a folded part or a text area."""
        if tag == "form":
            self._form = None
        elif tag == "details" and self._details:
            self._details.pop()
        elif tag == "textarea" and self._area is not None:
            self._area.content_end, self._area = self._here(), None


def refill(page: str, *, address: str, action: str, typed: Typed) -> Refilled:
    """The page with typed values put into the form that posts to an address.

    Of several such forms the one whose hidden fields fit best is filled, and the folded parts around it are
    opened. Tokens, revisions and keys stay as the fresh page has them; passwords and files are never filled.

    Shape:  `left` holds what is not in the form now; all of it when the page has no such form
    """
    reader = _Reader(page)
    fitting = [one for one in reader.forms if urlsplit(urljoin(address, one.action)).path == action]
    form = max(fitting, key=lambda one: _fit(one, typed), default=None)
    if form is None:
        return Refilled(page, False, _left(typed, frozenset()))
    changes = _changes(form, {name: list(values) for name, values in typed.items()})
    changes.append((form.start, form.start, f'<span id="{PLACE}"></span>'))
    for start, end in form.details:
        changes.append((start, end, _opened(page[start:end])))
    for start, end, text in sorted(changes, reverse=True):
        page = page[:start] + text + page[end:]
    return Refilled(page, True, _left(typed, frozenset(one.name for one in form.controls)))


def note(page: str, lines: Sequence[str], *, link: str = "") -> str:
    """The page with a note at the top of its main part, with a link to the filled form; lines are plain text."""
    at = _Reader(page).main_at
    if at < 0:
        return page
    said = "".join(f"<p>{escape(line)}</p>" for line in lines)
    said += f'<p><a href="#{PLACE}">{escape(link)}</a></p>' if link else ""
    return f'{page[:at]}<div class="note careful" role="alert">{said}</div>{page[at:]}'


def _fit(form: Form, typed: Typed) -> tuple[int, int]:
    """How well a form's fixed values and names fit what was typed."""
    hidden = [one for one in form.controls if one.kind == "hidden" and one.name not in _PAGE_OWN]
    wrong = sum(one.value not in typed.get(one.name, ()) for one in hidden)
    return -wrong, len({one.name for one in form.controls} & set(typed))


def _left(typed: Typed, placed: frozenset[str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value)
        for name, values in typed.items()
        if name not in placed and name not in _PAGE_OWN
        for value in values
        if value.strip()
    )


def _changes(form: Form, typed: dict[str, list[str]]) -> list[tuple[int, int, str]]:
    """What to write where."""
    changes = []
    for one in form.controls:
        values = typed.get(one.name)
        if one.kind in ("hidden", "button") or one.kind in _NOT_TYPED or one.name in _PAGE_OWN:
            continue
        if one.kind in ("checkbox", "radio"):
            changes.append((one.start, one.end, _tag("input", one, "checked", one.value in (values or []))))
        elif values is None:
            continue
        elif one.kind == "option":
            changes.append((one.start, one.end, _tag("option", one, "selected", one.value in values)))
        elif one.kind == "textarea":
            changes.append((one.end, one.content_end, escape(values.pop(0) if values else "")))
        else:
            one.attrs["value"] = values.pop(0) if values else ""
            changes.append((one.start, one.end, _tag("input", one, "", False)))
    return changes


def _tag(tag: str, one: Control, mark: str, on: bool) -> str:
    attrs = {name: value for name, value in one.attrs.items() if name != mark} | ({mark: None} if on else {})
    said = "".join(f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in attrs.items())
    return f"<{tag}{said}>"


def _opened(tag: str) -> str:
    return tag if " open" in tag else tag.replace("<details", "<details open", 1)
