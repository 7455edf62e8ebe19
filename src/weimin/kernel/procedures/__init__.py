"""How the work on a matter runs through the offices: BPMN procedures, published and run as drawn; decision tables.

Owns: procedures (流程) and decision tables (决策表), their numbered versions, drafts and saved drafts (草稿保存记录),
running instances (流程实例). A procedure routes the
work between acceptance and decision; the legal states of a matter are not its business. Words: a task
(环节) is a drawn box that a person does; an outcome (结论) is what that person chose; a finding
(检查发现) is what the checker says about a drawing.
"""
