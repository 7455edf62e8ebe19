"""What the catalogue brings: its audit verbs and how long its tables are kept."""

from weimin.kernel.catalogue.queries.uses import count_uses, find_uses
from weimin.kernel.procedures.registry import register_uses
from weimin.kernel.record.registry import register_verbs

AUDIT_VERBS = {
    "catalogue.item.published": "发布事项版本",
    "catalogue.item.begun": "事项版本到日生效",
    "catalogue.version.moved": "清单版本流转",
    "catalogue.list.imported": "表格导入清单",
    "catalogue.batch.moved": "整批清单流转",
    "catalogue.change.proposed": "提出清单调整",
    "catalogue.change.answered": "答复清单调整建议",
    "catalogue.offer.changed": "改乡镇本地内容",
    "catalogue.offer.ended": "停办进驻事项",
    "catalogue.offers.loaded": "装入事项进驻",
    "catalogue.drift.requested": "要求核对各乡镇清单",
    "catalogue.drift.reported": "核对完各乡镇清单",
    "catalogue.miss.dropped": "处理没搜到的问法",
}
#: What entries are about, as the trail shows it.
AUDIT_SUBJECTS = {
    "item": "清单行",
    "list_version": "清单版本",
    "list_batch": "清单批次",
    "list_import": "清单导入",
    "drift_run": "同标准核对",
    "offer": "乡镇进驻事项",
    "proposal": "清单建议",
}
RETENTION = {
    "Item": "永久：清单历史",
    "ItemVersion": "永久：办件引用的版本不可删除",
    "ListImport": "永久：清单从哪个表格来",
    "VersionStep": "永久：清单由谁审过",
    "Proposal": "永久：清单为何调整；不记群众姓名",
    "LifeEvent": "永久",
    "Offer": "永久：谁在何时办过什么",
    "GuidePrint": "永久：哪个机构印过哪一版指南；不记是谁印的",
    "DriftRun": "永久：各乡镇同标准的历史",
    "DriftFinding": "永久：哪里不同、从哪天到哪天、谁批准",
    "SearchMiss": "一年；没满三次的一个月；只有问法和次数，没有人",
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS, AUDIT_SUBJECTS)
    register_uses("catalogue", find_uses, count_uses)
