"""What the directory brings: its audit verbs and how long its tables are kept."""

from weimin.base import counties
from weimin.kernel.directory.queries import tree
from weimin.kernel.record.registry import register_verbs

AUDIT_VERBS = {
    "directory.divisions.loaded": "装入区划",
    "directory.agencies.loaded": "装入机构",
    "directory.hours.set": "设定办公时间",
    "directory.post.appointed": "任职",
    "directory.post.ended": "离任",
    "directory.officer.added": "登记工作人员",
    "directory.administrator.proposed": "提名管理员",
    "directory.administrator.confirmed": "确认管理员提名",
    "directory.administrator.refused": "不同意管理员提名",
    "directory.glass.opened": "打开应急查看",
    "directory.glass.ended": "提前结束应急查看",
    "directory.glass.seen": "签收应急查看",
}
#: What entries are about, as the trail shows it.
AUDIT_SUBJECTS = {
    "agency": "机构",
    "city": "城市数据",
    "glass": "应急查看",
    "officer": "工作人员",
    "post": "岗位",
    "admin_proposal": "管理员提名",
}
RETENTION = {
    "Division": "永久",
    "Agency": "永久",
    "Edition": "只有一行",
    "AgencyName": "永久：文书按当日名称",
    "AgencySuccession": "永久",
    "Window": "永久",
    "OfficeHours": "永久：收件日期按当日办公时间",
    "Officer": "永久：谁办的要能查",
    "Post": "永久：何时在任要能查",
    "AdminProposal": "永久：管理员由谁提名、谁确认要能查",
    "Glass": "至少 3 年，与查看记录一致",
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS, AUDIT_SUBJECTS, quiet=[verb for verb in AUDIT_VERBS if ".glass." in verb])
    counties.know(tree.county_of)
