"""The people and bodies who are served: protected identifiers, contact, who looked at their data.

Owns: residents (服务对象), the read log (查看记录). Identifiers are stored sealed with a keyed index, shown
masked; every look by staff leaves an entry that the person can read.
"""
