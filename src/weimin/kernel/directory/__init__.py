"""Where and who: divisions, agencies, posts, and who serves where as what, from when to when.

Owns: divisions (行政区划), agencies (机构) with dated names and successions, windows (窗口), officers
(工作人员), posts (岗位).
"""
