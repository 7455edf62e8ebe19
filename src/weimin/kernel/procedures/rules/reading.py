"""Read a BPMN text safely: no document type, no entities, a size limit, and only the elements we know.

Everything that the engine might act upon and that is not on the list is refused, so that nothing runs
that the checker did not see and nobody can read in the picture.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from weimin.kernel.procedures.types import Finding

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
WEIMIN = "https://weimin.example/bpmn"
#: Colours that drawing tools add; they change nothing that runs.
_PAINT = (
    "http://bpmn.io/schema/bpmn/biocolor/1.0",
    "http://www.omg.org/spec/BPMN/non-normative/color/1.0",
)
MAX_BYTES = 512 * 1024
MAX_ELEMENTS = 5000
MAX_ID = 50
#: Names that the engine uses for itself.
RESERVED = frozenset({"Start", "End", "Root", "outcome"})

_NODE = frozenset({"id", "name"})
#: Elements of BPMN that a procedure may hold, with their attributes.
ELEMENTS: dict[str, frozenset[str]] = {
    "definitions": frozenset({"id", "name", "targetNamespace", "exporter", "exporterVersion"}),
    "process": frozenset({"id", "name", "isExecutable", "processType", "isClosed"}),
    "startEvent": _NODE,
    "endEvent": _NODE,
    "userTask": _NODE,
    "exclusiveGateway": _NODE | {"default", "gatewayDirection"},
    "parallelGateway": _NODE | {"gatewayDirection"},
    "sequenceFlow": _NODE | {"sourceRef", "targetRef"},
    "conditionExpression": frozenset({"id"}),
    "incoming": frozenset(),
    "outgoing": frozenset(),
    "documentation": frozenset({"id", "textFormat"}),
    "textAnnotation": frozenset({"id", "textFormat"}),
    "text": frozenset(),
    "association": frozenset({"id", "sourceRef", "targetRef", "associationDirection"}),
}
#: Where each element may stand; the engine looks for some by name anywhere below a node.
PARENTS: dict[str, frozenset[str]] = {
    "process": frozenset({"definitions"}),
    **dict.fromkeys(
        (
            "startEvent",
            "endEvent",
            "userTask",
            "exclusiveGateway",
            "parallelGateway",
            "sequenceFlow",
            "textAnnotation",
            "association",
        ),
        frozenset({"process"}),
    ),
    "conditionExpression": frozenset({"sequenceFlow"}),
    "text": frozenset({"textAnnotation"}),
    **dict.fromkeys(
        ("incoming", "outgoing"),
        frozenset({"startEvent", "endEvent", "userTask", "exclusiveGateway", "parallelGateway"}),
    ),
    "documentation": frozenset(
        {
            "process",
            "startEvent",
            "endEvent",
            "userTask",
            "exclusiveGateway",
            "parallelGateway",
            "sequenceFlow",
        }
    ),
}
OWN_ATTRIBUTES: dict[str, frozenset[str]] = {
    "userTask": frozenset({"kind", "agency", "role", "limit", "unit", "outcomes"}),
    "process": frozenset({"data", "after"}),
}
_DRAWING = frozenset({BPMNDI, DC, DI})
_DRAWING_ELEMENTS = frozenset(
    {
        "BPMNDiagram",
        "BPMNPlane",
        "BPMNShape",
        "BPMNEdge",
        "BPMNLabel",
        "BPMNLabelStyle",
        "Bounds",
        "Font",
        "waypoint",
    }
)
_REFUSED_TEXT = {
    "scriptTask": "脚本任务：脚本能执行任意程序，流程里不允许",
    "serviceTask": "服务任务：流程不能自动调用外部系统，请改为人工环节",
    "sendTask": "发送任务：通知由系统按环节自动发送，不画在流程里",
    "receiveTask": "接收任务：流程不能等外部消息，请改为人工环节",
    "businessRuleTask": "规则任务：决定由人作出，请改为人工环节",
    "manualTask": "手工任务：请改为用户任务，并写明由谁办",
    "task": "没有类型的任务：请改为用户任务，并写明由谁办",
    "callActivity": "调用活动：一个流程要在一张图里看全，不能调用别的流程",
    "subProcess": "子流程：一个流程要在一张图里看全，请展开画",
    "adHocSubProcess": "即席子流程：请展开画",
    "transaction": "事务子流程：请展开画",
    "inclusiveGateway": "包含网关：走哪几条说不清，请改用排他网关或并行网关",
    "complexGateway": "复杂网关：请改用排他网关或并行网关",
    "eventBasedGateway": "事件网关：流程不能等外部事件",
    "boundaryEvent": "边界事件：期限由期限台账管，不画定时器",
    "intermediateCatchEvent": "中间捕获事件：期限由期限台账管，不画定时器和消息",
    "intermediateThrowEvent": "中间抛出事件：通知由系统自动发送",
    "timerEventDefinition": "定时器：期限由期限台账管，超期不会自动改变流程",
    "messageEventDefinition": "消息事件：流程不能等外部消息",
    "signalEventDefinition": "信号事件：流程不能等外部信号",
    "terminateEventDefinition": "终止事件：会丢下别人手里的环节，请让各路汇合后再结束",
    "extensionElements": "扩展内容：里面可能有别的软件的脚本，请删去",
    "multiInstanceLoopCharacteristics": "多实例：请把每一路画出来",
    "standardLoopCharacteristics": "循环标记：请用退回的连线画出循环",
    "collaboration": "泳池：一个文件只画一个流程，请去掉泳池",
    "laneSet": "泳道：由谁办写在环节上，请去掉泳道",
}
_ID = re.compile(r"[^\W\d][\w-]*", re.UNICODE)
_ENCODING = re.compile(r"<\?xml[^>]*encoding\s*=\s*[\"']([^\"']*)", re.IGNORECASE)


def error(where: str, rule: str, message: str, path: str = "") -> Finding:
    """A finding that keeps the drawing from being published."""
    return Finding("error", where, message, rule, path)


def read_xml(xml: str) -> tuple[Any | None, list[Finding]]:
    """Parse the text of a drawing into a tree, or say why not.

    Shape:  (root element or None, findings); a root comes back only when nothing unsafe was found
    """
    root, findings = parse_safely(xml)
    if root is None:
        return None, findings
    findings = _check_elements(root)
    return (None if findings else root), findings


def parse_safely(xml: str) -> tuple[Any | None, list[Finding]]:
    """Parse any XML text that people bring; no document type, no entities, no network, bounded in size.

    The text is searched for a document type before any XML parser sees it.

    Shape:  (root element or None, findings)
    """
    size = len(xml.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        return None, [error("", "xml.size", f"文件有 {size // 1024} KB，超过 {MAX_BYTES // 1024} KB。")]
    if "<!DOCTYPE" in xml or "<!ENTITY" in xml:
        return None, [error("", "xml.doctype", "文件里有文档类型或实体声明，不能使用。请用流程图工具重新导出。")]
    named = _ENCODING.search(xml[:200])
    if named and named[1].lower() not in ("utf-8", "utf8"):
        return None, [error("", "xml.encoding", "文件必须是 UTF-8 编码。")]
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        encoding="utf-8",
    )
    try:
        root = etree.fromstring(xml.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", 0) or 0
        return None, [error("", "xml.broken", f"文件不是完整的 XML，第 {line} 行读不懂。请用流程图工具重新导出。")]
    if root.getroottree().docinfo.internalDTD is not None:
        return None, [error("", "xml.doctype", "文件里有文档类型声明，不能使用。")]
    return root, []


def _check_elements(root: Any) -> list[Finding]:
    if root.tag != f"{{{BPMN}}}definitions":
        return [error("", "xml.not_bpmn", "这不是 BPMN 2.0 流程文件。")]
    findings: list[Finding] = []
    seen: set[str] = set()
    before = root.getprevious()
    if before is not None:
        findings.append(error("", "element.unknown", "文件开头有处理指令，请删去。"))
    for count, element in enumerate(root.iter(), start=1):
        if count > MAX_ELEMENTS:
            findings.append(error("", "xml.size", f"图太大，超过 {MAX_ELEMENTS} 个元素。请拆成几个流程。"))
            break
        if not isinstance(element.tag, str):
            findings.append(error("", "element.unknown", "文件里有处理指令或实体引用，请删去。"))
            continue
        findings.extend(_check_element(element, seen))
    return findings


def _check_element(element: Any, seen: set[str]) -> list[Finding]:
    name = etree.QName(element)
    where = element.get("id") or name.localname
    if name.namespace in _DRAWING:
        return _check_drawing(element, name.localname, where)
    if name.namespace != BPMN or name.localname not in ELEMENTS:
        told = _REFUSED_TEXT.get(name.localname, f"不认识的元素 {name.localname}，请删去或改画")
        rule = "element.forbidden" if name.localname in _REFUSED_TEXT else "element.unknown"
        return [error(where, rule, f"流程图里有{told}。")]
    found = _check_place(element, name.localname, where)
    found += _check_attributes(element, name.localname, where)
    own_id = element.get("id")
    if own_id is not None:
        found += _check_id(own_id, seen)
    return found


def _check_place(element: Any, name: str, where: str) -> list[Finding]:
    parent = element.getparent()
    holder = parent.tag.removeprefix(f"{{{BPMN}}}") if parent is not None else ""
    if name in PARENTS and holder not in PARENTS[name]:
        return [error(where, "element.misplaced", f"元素 {name} 放错了地方（在 {holder or '最外层'} 里）。")]
    return []


def _check_drawing(element: Any, name: str, where: str) -> list[Finding]:
    parent = element.getparent()
    holder = etree.QName(parent) if parent is not None else None
    if name == "BPMNDiagram":
        placed = holder is not None and holder.text == f"{{{BPMN}}}definitions"
    else:
        placed = holder is not None and holder.namespace in _DRAWING
    if name not in _DRAWING_ELEMENTS or not placed:
        return [error(where, "element.misplaced", f"图形元素 {name} 不认识或放错了地方，请用流程图工具重新导出。")]
    return []


def _check_attributes(element: Any, name: str, where: str) -> list[Finding]:
    found = []
    for key in element.attrib:
        attribute = etree.QName(key)
        space, local = attribute.namespace, attribute.localname
        if space is None:
            known = local in ELEMENTS[name]
        elif space == WEIMIN:
            known = local in OWN_ATTRIBUTES.get(name, frozenset())
        else:
            known = space in _PAINT or (space == XSI and local in ("type", "schemaLocation"))
        if not known:
            found.append(error(where, "attribute.unknown", f"“{where}”上有不认识的属性 {local}，请删去。"))
    return found


def _check_id(own_id: str, seen: set[str]) -> list[Finding]:
    if own_id in seen:
        return [error(own_id, "id.twice", f"编号 {own_id} 用了两次，每个元素的编号必须不同。")]
    seen.add(own_id)
    if own_id in RESERVED or len(own_id) > MAX_ID or not _ID.fullmatch(own_id):
        told = f"要以文字开头，只含文字、数字、_ 和 -，不超过 {MAX_ID} 个字符。"
        return [error(own_id, "id.bad", f"编号“{own_id[:60]}”不能用：{told}")]
    return []
