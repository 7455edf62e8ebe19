"""Help for anyone's tests: the shipped drawings, a small drawing from a few words, and a run to the end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from weimin.kernel.procedures import actions
from weimin.kernel.procedures.types import Loaded
from weimin.kernel.record.types import Actor

SHIPPED = {path.stem: path for path in sorted((Path(__file__).parent / "data").glob("*.bpmn"))}
SHIPPED_TABLES = {path.stem: path for path in sorted((Path(__file__).parent / "data").glob("*.dmn"))}
HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"'
    ' xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:weimin="https://weimin.example/bpmn" id="file">'
)
_TAGS = {"start": "startEvent", "end": "endEvent", "xor": "exclusiveGateway", "and": "parallelGateway"}
#: What a task of a kind has when a test does not say.
_USUAL = {
    "accept": ("accepting", "front_desk"),
    "register": ("township", "reviewer"),
    "review": ("township", "reviewer"),
    "survey": ("township", "reviewer"),
    "notice": ("township", "reviewer"),
    "decide": ("township", "decider"),
    "result": ("township", "reviewer"),
    "issue": ("accepting", "issuer"),
}


def load_shipped(at: datetime) -> Loaded:
    """Publish the shipped procedures in a test database."""
    return actions.load_procedures(by=Actor.system("测试", via="cli"), at=at)


def drawing(nodes: str, flows: Iterable[str], *, extra: str = "", process: str = "", drawn: bool = True) -> str:
    """A BPMN file from a few words.

    Shape:  nodes as "id:kind" with options "id:kind:name=value:…", blank separated, kind being start, end, xor,
            and, or a kind of task; flows as "a>b", "a>b if condition" or "a>b else"; extra is put into the process
    """
    parts: list[str] = []
    shapes: list[str] = []
    defaults = {flow.split(">")[0] for flow in flows if flow.endswith(" else")}
    for place, node in enumerate(nodes.split()):
        node_id, kind, *options = node.split(":")
        parts.append(_node(node_id, kind, options, f' default="f_{node_id}_else"' if node_id in defaults else ""))
        shapes.append(
            f'<bpmndi:BPMNShape id="{node_id}_s" bpmnElement="{node_id}">'
            f'<dc:Bounds x="{place * 200}" y="0" width="100" height="80"/></bpmndi:BPMNShape>'
        )
    for place, flow in enumerate(flows):
        ends, _, condition = flow.removesuffix(" else").partition(" if ")
        source, target = ends.split(">")
        flow_id = f"f_{source}_else" if flow.endswith(" else") else f"f{place}"
        held = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
        parts.append(
            f'<bpmn:sequenceFlow id="{flow_id}" name="线{place}" sourceRef="{source}" targetRef="{target}">'
            f"{held}</bpmn:sequenceFlow>"
        )
        shapes.append(
            f'<bpmndi:BPMNEdge id="{flow_id}_e" bpmnElement="{flow_id}"><di:waypoint x="0" y="0"/>'
            '<di:waypoint x="9" y="9"/></bpmndi:BPMNEdge>'
        )
    body, picture = "".join(parts) + extra, "".join(shapes) if drawn else ""
    return (
        f'{HEAD}<bpmn:process id="tested" name="测试流程" isExecutable="true"{process}>{body}</bpmn:process>'
        f'<bpmndi:BPMNDiagram id="drawing"><bpmndi:BPMNPlane id="plane" bpmnElement="tested">{picture}'
        "</bpmndi:BPMNPlane>"
        "</bpmndi:BPMNDiagram></bpmn:definitions>"
    )


def decision_table(inputs: Iterable[str], rows: Iterable[str], *, policy: str = "UNIQUE", quoted: bool = True) -> str:
    """A DMN file from a few words.

    Shape:  inputs as "expression:type:values"; rows as cells with | between, the last being the conclusion
    """
    heads = []
    for place, one in enumerate(inputs):
        expression, kind, values = one.split(":", 2)
        heads.append(
            f'<input id="in{place}" label="{expression}"><inputExpression id="e{place}" typeRef="{kind}">'
            f'<text>{expression}</text></inputExpression><inputValues id="v{place}"><text>{escape(values)}</text>'
            "</inputValues></input>"
        )
    body = []
    for place, row in enumerate(rows):
        *cells, result = row.split("|")
        told = f'"{result}"' if quoted else result
        tests = "".join(
            f'<inputEntry id="r{place}c{at}"><text>{escape(cell)}</text></inputEntry>' for at, cell in enumerate(cells)
        )
        output = f'<outputEntry id="r{place}o"><text>{told}</text></outputEntry>'
        body.append(f'<rule id="r{place}">{tests}{output}</rule>')
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="file" name="测试" namespace="urn:test">'
        f'<decision id="tested" name="测试表"><decisionTable id="table" hitPolicy="{policy}">{"".join(heads)}'
        f'<output id="out" label="结论" name="told" typeRef="string"/>{"".join(body)}'
        "</decisionTable></decision></definitions>"
    )


def _node(node_id: str, kind: str, options: list[str], default: str) -> str:
    if kind in _TAGS:
        return f'<bpmn:{_TAGS[kind]} id="{node_id}" name="{node_id}"{default}/>'
    agency, role = _USUAL.get(kind, ("township", "reviewer"))
    own = {"kind": kind, "agency": agency, "role": role}
    own |= dict(option.replace("+", " ").replace("~", ":").split("=", 1) for option in options)
    text = "".join(f" weimin:{name}={quoteattr(value)}" for name, value in own.items() if value != "-")
    return f'<bpmn:userTask id="{node_id}" name="{node_id}"{text}/>'
