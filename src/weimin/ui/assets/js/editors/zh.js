// The words of the editors in Chinese. A text that is not here is shown as it is, and the journey test finds it.
const WORDS = {
  // drawing
  "Activate hand tool": "移动画布", "Activate lasso tool": "框选", "Activate create/remove space tool": "腾出或收拢空间",
  "Activate global connect tool": "连线", "Create start event": "开始", "Create end event": "结束",
  "Create task": "环节", "Create exclusive gateway": "选择（网关）", "Create parallel gateway": "并行（网关）",
  "Create annotation": "说明文字", "Append task": "后面接一个环节", "Append exclusive gateway": "后面接一个选择",
  "Append parallel gateway": "后面分成并行", "Append end event": "后面接结束", "Add text annotation": "加说明文字",
  "Connect to other element": "连到别处", "Delete": "删去", "Remove": "删去", "Align elements": "对齐",
  "Distribute elements": "等距", "Align elements left": "左对齐", "Align elements right": "右对齐",
  "Align elements top": "上对齐", "Align elements bottom": "下对齐", "Align elements center": "横向居中",
  "Align elements middle": "纵向居中", "Distribute elements horizontally": "横向等距",
  "Distribute elements vertically": "纵向等距", "Search in diagram": "在图里找",
  "element required": "缺少元素", "no parent for {element} in {parent}": "{element} 放不进 {parent}",
  // tables
  "When": "当", "And": "并且", "Then": "那么", "Input": "条件", "Output": "结论", "Annotations": "说明", "Annotation": "说明",
  "Add input": "加一个条件", "Add output": "加一个结论", "Add rule": "加一行", "Edit input": "改条件", "Edit output": "改结论",
  "Edit": "改", "Hit policy": "命中方式", "Hit policy:": "命中方式：", "Decision name": "决策表名称",
  "Decision name: ": "决策表名称：", "Input label": "条件名称", "Input label: ": "条件名称：", "Output label": "结论名称",
  "Output label: ": "结论名称：", "Output name": "结论编号", "Output name: ": "结论编号：", "Input expression": "看哪个问题",
  "Input expression: ": "看哪个问题：", "Expression": "看哪个问题", "Enter expression": "填写问题的编号",
  "Input type": "条件类型", "Output type": "结论类型", "Type": "类型", "Input values": "可选值", "Output values": "可选值",
  "Predefined values": "可选值", "Add predefined values": "列出可选值", "Clear predefined values": "清空可选值",
  "Add values": "加可选值", "Custom values": "另写", "Values": "值", "Value": "值", "No values": "没有值", "Set value": "设定值",
  '"value"': '"文字"', '"value", "value", ...': '"文字", "文字", …', "Edit date": "改日期",
  "Strings must be in double quotes": "文字要加英文双引号", "String value": "文字", "Number value": "数字",
  "Boolean value": "是或否", "Yes": "是", "No": "否", "Match one": "等于其中之一", "Match none": "都不等于",
  "Test type": "怎样比较", "Comparison": "比较", "Range": "范围", "Exactly": "正好", "Comparison operator": "比较方式",
  "Equals": "等于", "Greater": "大于", "Greater or equals": "大于等于", "Less": "小于", "Less or equals": "小于等于",
  "Include": "包括两头", "Exclude": "不包括两头", "Start value": "从", "End value": "到",
  "Range start operator": "起点包括吗", "Range end operator": "终点包括吗", "Range start value": "从", "Range end value": "到",
  "Edit string": "改文字", "Edit number": "改数字", "Edit boolean": "改是否", "Add cell description": "给单元格加说明",
  "Remove cell description": "删去单元格说明", "Add rule above": "在上面加一行", "Add rule below": "在下面加一行",
  "Remove rule": "删去这一行", "Copy rule": "复制这一行", "Cut rule": "剪切这一行", "Paste rule above": "贴到上面",
  "Paste rule below": "贴到下面", "Move rule": "移动这一行", "Add input column left": "在左边加条件",
  "Add input column right": "在右边加条件", "Remove input column": "删去这个条件", "Copy input column": "复制这个条件",
  "Cut input column": "剪切这个条件", "Paste input column left": "贴到左边", "Paste input column right": "贴到右边",
  "Add output column left": "在左边加结论", "Add output column right": "在右边加结论", "Remove output column": "删去这个结论",
  "Copy output column": "复制这个结论", "Cut output column": "剪切这个结论", "Paste output column left": "贴到左边",
  "Paste output column right": "贴到右边", "Resize": "改列宽", "Expression language": "写法",
  "Expression language: {expressionLanguageLabel}": "写法：{expressionLanguageLabel}",
  "Change cell expression language": "换单元格写法",
  "Editing not supported for set expression language": "这种写法不能在这里改", "e.g. {sample}": "如 {sample}",
  "string": "文字", "boolean": "是或否", "number": "数字", "integer": "整数", "any": "不限",
  "Unique": "只能一行成立", "First": "从上往下第一行", "No overlap is possible and all rules are disjoint. Only a single rule can be matched":
    "各行不能重叠，只会有一行成立", "Rules may overlap. The first matching rule will be chosen": "各行可以重叠，从上往下第一行成立的算",
};
export const missing = new Set();

function translate(text, replacements = {}) {
  if (!(text in WORDS) && /[A-Za-z]{3}/.test(text)) missing.add(text);
  return (WORDS[text] ?? text).replace(/{\s*([^}\s]+)\s*}/g, (_, name) => replacements[name] ?? `{${name}}`);
}
export default { translate: ["value", translate] };
