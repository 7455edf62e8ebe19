// The panel beside the drawing: what one element says, as plain form fields. It changes the drawing through the
// modeler's own commands, so that undo works.
const OPERATORS = [["==", "是"], ["!=", "不是"]];

export class Panel {
  constructor(box, modeler, words) {
    this.box = box; this.words = words;
    this.modeling = modeler.get("modeling"); this.registry = modeler.get("elementRegistry");
    this.moddle = modeler.get("moddle"); this.canvas = modeler.get("canvas");
    const bus = modeler.get("eventBus");
    bus.on("selection.changed", ({ newSelection }) => this.show(newSelection[0]));
    bus.on("elements.changed", ({ elements }) => { if (!this.typing && elements.includes(this.element)) this.show(this.element); });
  }

  show(element) {
    const target = element?.labelTarget || element;
    this.element = target?.businessObject ? target : this.canvas.getRootElement();
    const own = this.element?.businessObject;
    if (!own) return;
    const parts = [this.heading(this.title(own))];
    if (own.$type !== "bpmn:TextAnnotation" && own.$type !== "bpmn:Association")
      parts.push(this.text("名称", own.name, (value) => this.set({ name: value })));
    if (own.$type === "bpmn:UserTask") parts.push(...this.task(own));
    if (own.$type === "bpmn:SequenceFlow") parts.push(...this.flow(own));
    if (own.$type === "bpmn:Process") parts.push(...this.process(own));
    if (own.$type !== "bpmn:TextAnnotation" && own.$type !== "bpmn:Association")
      parts.push(this.text("说明", own.documentation?.[0]?.text, (value) => this.document(own, value), "textarea"));
    parts.push(this.hint(`编号：${own.id}`));
    this.box.replaceChildren(...parts);
  }

  title(own) {
    return { "bpmn:UserTask": "环节", "bpmn:SequenceFlow": "连线", "bpmn:Process": "整个流程", "bpmn:StartEvent": "开始",
      "bpmn:EndEvent": "结束", "bpmn:ExclusiveGateway": "选择（只走一条）", "bpmn:ParallelGateway": "并行（同时走）",
      "bpmn:TextAnnotation": "说明文字（双击改）", "bpmn:Association": "说明的连线" }[own.$type] || "不能用的元素，请删去";
  }

  set(properties) {
    this.typing = true;
    try { this.modeling.updateProperties(this.element, properties); } finally { this.typing = false; }
  }

  own(name, value) { this.set({ [`weimin:${name}`]: value || undefined }); }

  document(own, value) {
    this.set({ documentation: value ? [this.moddle.create("bpmn:Documentation", { text: value })] : [] });
  }

  task(own) {
    const get = (name) => own.get(`weimin:${name}`) || "";
    const kind = get("kind"), { kinds, agencies, roles, kind_roles: able, outcomes, outcome_text: told, usual, units } = this.words;
    const chosen = get("outcomes") ? get("outcomes").split(/\s+/) : usual[kind] || ["done"];
    const agency = get("agency");
    const places = Object.entries(agencies);
    if (agency && !(agency in agencies)) places.push([agency, `联办部门 ${agency}`]);
    const boxes = (outcomes[kind] || []).map((one) => [one, told[one], chosen.includes(one)]);
    return [
      this.choice("做什么", Object.entries(kinds), kind, (value) => {
        const role = (able[value] || []).includes(get("role")) ? get("role") : (able[value] || [])[0];
        this.set({ "weimin:kind": value, "weimin:role": role, "weimin:outcomes": undefined,
          ...(value === "accept" ? { "weimin:agency": "accepting" } : {}) });
        this.show(this.element);
      }),
      this.choice("在哪里办", places, agency, (value) => this.own("agency", value)),
      this.choice("谁来办", (able[kind] || Object.keys(roles)).map((one) => [one, roles[one]]), get("role"), (value) => this.own("role", value)),
      this.ticks("可以得出的结论", boxes, (values) => this.own("outcomes", values.join(" "))),
      this.text("这一步的期限", get("limit"), (value) => this.set({ "weimin:limit": value || undefined,
        "weimin:unit": value ? get("unit") || "workday" : undefined }), "number"),
      this.choice("期限按", Object.entries(units), get("unit"), (value) => this.own("unit", value), "不单设期限"),
    ];
  }

  flow(own) {
    const source = own.sourceRef;
    if (source?.$type !== "bpmn:ExclusiveGateway" || source.outgoing.length < 2)
      return own.conditionExpression ? [this.condition(own), this.hint("条件只能写在“选择”之后的连线上。")] : [];
    const other = source.default === own;
    const parts = [this.ticks("", [["else", "其他情况都走这条", other]], ([value]) => {
      this.modeling.updateProperties(this.registry.get(source.id), { default: value ? own : undefined });
      if (value) this.set({ conditionExpression: undefined });
      this.show(this.element);
    })];
    return other ? parts : [...parts, ...this.simple(own), this.condition(own)];
  }

  simple(own) {
    const { outcome_text: told } = this.words;
    const tasks = this.registry.filter((one) => one.type === "bpmn:UserTask" && !one.labelTarget);
    const names = [["outcome", "刚办完的环节"], ...tasks.map((one) => [one.id, `“${one.businessObject.name || one.id}”`])];
    const now = /^\s*(\w+)\s*(==|!=)\s*'(\w+)'\s*$/.exec(own.conditionExpression?.body || "") || [];
    const picked = [now[1] || "outcome", now[2] || "==", now[3] || ""];
    const change = (place) => (value) => {
      picked[place] = value;
      if (picked[2]) this.expression(`${picked[0]} ${picked[1]} '${picked[2]}'`);
      this.show(this.element);
    };
    return [this.choice("看哪个环节的结论", names, picked[0], change(0)), this.choice("比较", OPERATORS, picked[1], change(1)),
      this.choice("结论", Object.entries(told), picked[2], change(2), "请选择")];
  }

  condition(own) {
    return this.text("条件原文", own.conditionExpression?.body, (value) => this.expression(value));
  }

  expression(text) {
    this.set({ conditionExpression: text.trim() ? this.moddle.create("bpmn:FormalExpression", { body: text.trim() }) : undefined });
  }

  process(own) {
    return [this.text("开始时要知道的回答", own.get("weimin:data"), (value) => this.own("data", value)),
      this.hint("没有就空着。写法如 urgent=yes|no：表单里 urgent 这个问题的回答，可能是 yes 或 no，连线的条件可以用它。")];
  }

  heading(text) { const one = document.createElement("h2"); one.textContent = text; return one; }
  hint(text) { const one = document.createElement("p"); one.className = "hint"; one.textContent = text; return one; }

  labelled(label, field) {
    const box = document.createElement("div"), title = document.createElement("label");
    this.count = (this.count || 0) + 1; field.id = `p-${this.count}`;
    box.className = "field"; title.textContent = label; title.htmlFor = field.id;
    box.append(title, field);
    return box;
  }

  text(label, value, change, type = "text") {
    const field = document.createElement(type === "textarea" ? "textarea" : "input");
    if (type === "number") { field.type = "number"; field.min = "1"; field.max = "3650"; }
    field.value = value || "";
    field.addEventListener("change", () => change(field.value.trim()));
    return this.labelled(label, field);
  }

  choice(label, options, value, change, empty = "请选择") {
    const field = document.createElement("select");
    for (const [code, told] of [["", empty], ...options]) field.add(new Option(told, code, false, code === value));
    field.addEventListener("change", () => change(field.value));
    return this.labelled(label, field);
  }

  ticks(legend, options, change) {
    const box = document.createElement("fieldset"), title = document.createElement("legend");
    title.textContent = legend; box.className = "field ticks";
    if (legend) box.append(title);
    for (const [code, told, on] of options) {
      const label = document.createElement("label"), tick = document.createElement("input");
      tick.type = "checkbox"; tick.value = code; tick.checked = on;
      tick.addEventListener("change", () => change([...box.querySelectorAll(":checked")].map((one) => one.value)));
      label.append(tick, ` ${told}`); box.append(label);
    }
    return box;
  }
}
