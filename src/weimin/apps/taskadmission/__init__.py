"""The gate before work that a county body wants townships or villages to do, and the townships' say in county matters.

Owns: attempts (下达申请), tasks (任务), targets (承接单位), reports of work pushed past the gate (绕开准入的反映),
county matters (涉乡镇事项) and opinions (乡镇意见). Nothing that is asked of a township is lost: what was incomplete,
what the law bars and what the office refused stay on record and are counted in public by department.
"""
