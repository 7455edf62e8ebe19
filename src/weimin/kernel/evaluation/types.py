"""The five grades of satisfaction (GB/T 39046-2020 table A.8)."""

GRADES = {1: "非常满意", 2: "满意", 3: "基本满意", 4: "不满意", 5: "非常不满意"}
#: Grades from here on open a repair.
BAD_FROM = 4
