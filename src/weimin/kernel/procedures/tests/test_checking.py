"""The checker: lawful drawings pass, each unlawful or unsafe one is refused for its own reason."""

from __future__ import annotations

import itertools

import pytest

from weimin.kernel.procedures.rules.check import check_xml
from weimin.kernel.procedures.testing import HEAD, SHIPPED, drawing

SOUND_NODES = "s:start a:accept x:xor r:review d:decide m:result i:issue e:end no:end"
SOUND_FLOWS = (
    "s>a",
    "a>x",
    "x>r if outcome == 'accept'",
    "x>no if outcome == 'refuse'",
    "r>d",
    "d>m",
    "m>i",
    "i>e",
)


def rules(xml: str) -> list[str]:
    return [finding.rule for finding in check_xml(xml).findings]


def changed(
    *,
    nodes: dict[str, str] | None = None,
    flows: dict[str, str] | None = None,
    more: str = "",
    more_flows: tuple[str, ...] = (),
    **options: object,
) -> str:
    """The sound drawing with some nodes and flows replaced ("" drops one)."""
    nodes, flows = nodes or {}, flows or {}
    kept = [nodes.get(node, node) for node in SOUND_NODES.split()]
    arrows = [flows.get(flow, flow) for flow in SOUND_FLOWS] + list(more_flows)
    return drawing(" ".join([*filter(None, kept), more]), [a for a in arrows if a], **options)  # type: ignore[arg-type]


def test_the_sound_drawing_passes() -> None:
    assert check_xml(changed()).findings == ()


@pytest.mark.parametrize("code", SHIPPED)
def test_shipped_procedures_pass_without_even_a_warning(code: str) -> None:
    checked = check_xml(SHIPPED[code].read_text(encoding="utf-8"))
    assert checked.findings == ()
    assert checked.graph is not None
    assert checked.graph.process_id == code


BAD_LIVES = {
    "first_step": drawing("s:start r:review e:end", ["s>r", "r>e"]),
    "refused.goes_on": drawing("s:start a:accept r:review d:decide i:issue e:end", ["s>a", "a>r", "r>d", "d>i", "i>e"]),
    "accept.twice": changed(nodes={"r:review": "r:accept"}),
    "decide.twice": changed(nodes={"r:review": "r:decide"}),
    "work.after_decision": changed(nodes={"m:result": "m:review"}),
    "result.order": changed(nodes={"r:review": "r:result"}),
    "issue.order": changed(nodes={"r:review": "r:issue"}),
    "end.no_decision": changed(nodes={"d:decide": "d:notice", "m:result": "m:notice", "i:issue": "i:notice"}),
    "end.not_issued": changed(nodes={"i:issue": ""}, flows={"m>i": "m>e", "i>e": ""}),
    "end.nothing": drawing("s:start e:end", ["s>e"]),
    "own_motion.issue": drawing("s:start g:register d:decide i:issue e:end", ["s>g", "g>d", "d>i", "i>e"]),
    "dead_end": changed(flows={"i>e": ""}, nodes={"e:end": ""}),
    "unreachable": changed(more="z:review", more_flows=("z>d",)),
    "never_ends": drawing(
        "s:start a:accept x:xor y:xor r:review no:end",
        ["s>a", "a>x", "x>y if a == 'accept'", "x>no if a == 'refuse'", "y>r", "r>y"],
    ),
    "return.forward": changed(nodes={"r:review": "r:review:outcomes=agree+return"}),
}
FORKED = "s:start a:accept x:xor no:end k:and l:review b:review j:and d:decide i:issue e:end"
FORKED_FLOWS = [
    "s>a",
    "a>x",
    "x>k if a == 'accept'",
    "x>no if a == 'refuse'",
    "k>l",
    "k>b",
    "l>j",
    "b>j",
    "j>d",
    "d>i",
    "i>e",
]


def forked(*, nodes: tuple[str, str] = ("", ""), drop: tuple[str, ...] = (), add: tuple[str, ...] = ()) -> str:
    flows = [flow for flow in FORKED_FLOWS if flow not in drop]
    return drawing(FORKED.replace(*nodes) if nodes[0] else FORKED, [*flows, *add])


BAD_FORKS = {
    "decide.parallel": forked(nodes=("b:review", "b:decide")),
    "parallel.not_work": drawing(
        "s:start k:and a:accept b:accept j:and e:end", ["s>k", "k>a", "k>b", "a>j", "b>j", "j>e"]
    ),
    "unsafe": forked(nodes=("j:and", "j:xor")),
    "end.early": forked(drop=("b>j",), add=("b>e",), nodes=("j:and", "j:xor")),
    "join.stuck": drawing(
        "s:start a:accept x:xor j:and d:decide i:issue e:end",
        ["s>a", "a>x", "x>j if a == 'accept'", "x>j if a == 'refuse'", "j>d", "d>i", "i>e"],
    ),
    "join.mixed": forked(add=("x>e",), nodes=("j:and", "j:and"), drop=("b>j", "k>b")),
    "outcome.race": forked(
        nodes=("j:and", "j:and q:xor w:survey"),
        drop=("j>d",),
        add=("j>q", "q>d if outcome == 'agree'", "q>w if outcome == 'disagree'", "w>d"),
    ),
}
BAD_PARTS = {
    "gateway.no_way": changed(flows={"x>no if outcome == 'refuse'": "x>no if r == 'agree'"}),
    "gateway.two_ways": changed(flows={"x>no if outcome == 'refuse'": "x>no if outcome != 'agree'"}),
    "condition.missing": changed(flows={"x>no if outcome == 'refuse'": "x>no"}),
    "condition.name": changed(flows={"x>no if outcome == 'refuse'": "x>no if ghost == 'refuse'"}),
    "condition.value": changed(flows={"x>no if outcome == 'refuse'": "x>no if outcome == 'refused'"}),
    "condition.place": changed(flows={"r>d": "r>d if outcome == 'agree'"}),
    "condition.refused": changed(flows={"x>no if outcome == 'refuse'": "x>no if exit() == 'a'"}),
    "branch.no_gateway": changed(more_flows=("r>m",)),
    "task.incomplete": changed(nodes={"r:review": "r:review:role=-"}),
    "task.kind": changed(nodes={"r:review": "r:ponder"}),
    "task.agency": changed(nodes={"r:review": "r:review:agency=ministry"}),
    "task.role": changed(nodes={"d:decide": "d:decide:role=reviewer"}),
    "task.limit": changed(nodes={"r:review": "r:review:limit=0:unit=day"}),
    "task.outcomes": changed(nodes={"r:review": "r:review:outcomes=maybe"}),
    "start.one": changed(more="s2:start", more_flows=("s2>r",)),
    "picture.missing": changed(drawn=False),
    "data.bad": changed(process=' weimin:data="Urgent=yes"'),
    "flow.never": drawing(
        "s:start a:accept x:xor r:review d:decide i:issue e:end no:end",
        [
            "s>a",
            "a>x",
            "x>r if a == 'accept'",
            "x>no if a == 'refuse'",
            "x>d if a == 'accept' and a == 'refuse'",
            "r>d",
            "d>i",
            "i>e",
        ],
    ),
    "loop.no_task": drawing(
        "s:start a:accept x:xor y:xor z:xor no:end",
        ["s>a", "a>x", "x>y if a == 'accept'", "x>no if a == 'refuse'", "y>z", "z>y"],
    ),
}


@pytest.mark.parametrize("rule", BAD_LIVES)
def test_a_life_that_the_law_does_not_allow_is_refused(rule: str) -> None:
    """xkl-2019 art. 32, 34, 38, 44: accept first, one decision, served to the applicant."""
    assert rule in rules(BAD_LIVES[rule])


@pytest.mark.parametrize("rule", BAD_FORKS)
def test_branches_that_do_not_meet_again_are_refused(rule: str) -> None:
    assert rule in rules(BAD_FORKS[rule])


@pytest.mark.parametrize("rule", BAD_PARTS)
def test_a_part_that_is_wrong_is_refused(rule: str) -> None:
    assert rule in rules(BAD_PARTS[rule])


def test_a_finding_shows_the_path_in_words() -> None:
    found = check_xml(BAD_LIVES["work.after_decision"]).findings[0]
    assert found.path == "a（受理） → r（同意） → d（准予）"
    assert found.where == "m"


@pytest.mark.parametrize(
    ("element", "told"),
    [
        ('<bpmn:scriptTask id="z"><bpmn:script>import os</bpmn:script></bpmn:scriptTask>', "脚本"),
        ('<bpmn:serviceTask id="z"/>', "服务任务"),
        ('<bpmn:callActivity id="z" calledElement="other"/>', "调用活动"),
        ('<bpmn:subProcess id="z"/>', "子流程"),
        ('<bpmn:inclusiveGateway id="z"/>', "包含网关"),
        (
            '<bpmn:intermediateCatchEvent id="z"><bpmn:timerEventDefinition/></bpmn:intermediateCatchEvent>',
            "定时器",
        ),
        ('<bpmn:boundaryEvent id="z" attachedToRef="r"/>', "边界事件"),
        ('<bpmn:receiveTask id="z"/>', "消息"),
        ('<bpmn:extensionElements><x xmlns="urn:y"/></bpmn:extensionElements>', "扩展内容"),
        ('<bpmn:dataObject id="z"/>', "不认识的元素"),
        ('<evil xmlns="urn:evil"/>', "不认识的元素"),
        ('<bpmndi:process><bpmn:userTask id="z"/></bpmndi:process>', "放错了地方"),
        ("<bpmn:documentation><bpmn:documentation/></bpmn:documentation>", "放错了地方"),
        ('<bpmn:textAnnotation id="z" onclick="a()"/>', "不认识的属性"),
        ('<bpmn:textAnnotation id="z" weimin:kind="review"/>', "不认识的属性"),
        ('<?xml-stylesheet href="http://x/"?>', "处理指令"),
        ('<bpmn:textAnnotation id="r"/>', "用了两次"),
        ('<bpmn:textAnnotation id="End"/>', "不能用"),
    ],
)
def test_elements_beyond_the_list_are_refused_in_words(element: str, told: str) -> None:
    findings = check_xml(changed(extra=element)).findings
    assert any(told in finding.message_zh for finding in findings), findings


SOUND = changed()
LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
THIEF = '<!DOCTYPE l [<!ENTITY f SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("xml", "rule"),
    [
        (LAUGHS + SOUND.replace("测试流程", "&b;"), "xml.doctype"),
        (THIEF + SOUND.replace("测试流程", "&f;"), "xml.doctype"),
        ('<!DOCTYPE l SYSTEM "http://127.0.0.1/x.dtd">' + SOUND, "xml.doctype"),
        ('<?xml version="1.0" encoding="UTF-7"?>' + SOUND, "xml.encoding"),
        (SOUND + " " * (600 * 1024), "xml.size"),
        (SOUND[:-20], "xml.broken"),
        (SOUND.replace("测试流程", "&f;"), "xml.broken"),
        ("", "xml.broken"),
        ("\x00", "xml.broken"),
        ("<html/>", "xml.not_bpmn"),
        (HEAD + "</bpmn:definitions>", "process.one"),
        (SOUND.replace("</bpmn:process>", '</bpmn:process><bpmn:process id="p2"/>'), "process.one"),
        (SOUND.replace('isExecutable="true"', 'isExecutable="false"'), "process.executable"),
        (SOUND.replace('x="200"', 'x="0"'), "picture.overlap"),
        (SOUND.replace('x="200"', 'x="nan"'), "picture.missing"),
        (SOUND.replace('bpmnElement="e"', 'bpmnElement="no"'), "picture.twice"),
        (
            SOUND.replace("</bpmndi:BPMNDiagram>", '</bpmndi:BPMNDiagram><bpmndi:BPMNDiagram id="h"/>'),
            "picture.one",
        ),
    ],
)
def test_unsafe_or_broken_files_are_refused(xml: str, rule: str) -> None:
    assert rule in rules(xml)


def test_a_lone_surrogate_is_refused_and_not_an_error() -> None:
    assert rules(SOUND.replace("测试流程", "\ud800")) == ["xml.broken"]


def test_start_data_is_explored_with_every_value() -> None:
    urgent = ' weimin:data="urgent=yes|no"'
    nodes = "s:start a:accept x:xor u:xor r:review d:decide i:issue e:end no:end"
    flows = ["s>a", "a>x", "x>u if a == 'accept'", "x>no if a == 'refuse'", "r>d", "d>i", "i>e"]
    good = [*flows, "u>d if urgent == 'yes'", "u>r else"]
    assert rules(drawing(nodes, good, process=urgent)) == []
    bad = [*flows, "u>d if urgent == 'yes'", "u>r if urgent == 'maybe'"]
    assert "condition.value" in rules(drawing(nodes, bad, process=urgent))


def test_a_long_drawing_is_walked_whole_and_a_longer_one_refused() -> None:
    for length, expected in ((85, []), (100, ["xml.size"])):
        names = [f"w{place}" for place in range(length)]
        nodes = "s:start a:accept x:xor no:end d:decide i:issue e:end " + " ".join(f"{w}:review" for w in names)
        chain = [f"{one}>{other}" for one, other in itertools.pairwise(names)]
        flows = [
            "s>a",
            "a>x",
            "x>w0 if a == 'accept'",
            "x>no if a == 'refuse'",
            *chain,
            f"{names[-1]}>d",
            "d>i",
            "i>e",
        ]
        assert rules(drawing(nodes, flows)) == expected


def test_a_procedure_with_too_many_ways_is_refused_rather_than_half_checked() -> None:
    names = [f"w{place}" for place in range(12)]
    nodes = "s:start a:accept x:xor no:end k:and j:and q:xor d:decide i:issue e:end " + " ".join(
        f"{name}:review" for name in names
    )
    asked = " or ".join(f"{name} == 'agree'" for name in names[:8])
    flows = [
        "s>a",
        "a>x",
        "x>k if a == 'accept'",
        "x>no if a == 'refuse'",
        "j>q",
        f"q>d if {asked}",
        "q>d else",
        "d>i",
        "i>e",
        *(f"k>{name}" for name in names),
        *(f"{name}>j" for name in names),
    ]
    assert "too_large" in rules(drawing(nodes, flows))
