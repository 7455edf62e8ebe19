"""What the record brings: its audit verbs and how long its tables are kept."""

from weimin.kernel.record.registry import register_verbs

AUDIT_VERBS = {
    "record.outbox.retried": "重发失败的通知",
    "record.key.added": "增加主密钥",
    "record.key.chosen": "换用主密钥",
    "record.key.retired": "停用主密钥",
    "record.keys.rotated": "轮换主密钥",
    "record.chain.broken": "核验审计链或文件时发现不符",
    "record.trail.exported": "导出审计记录",
    "record.maintenance.arranged": "安排系统维护",
    "record.maintenance.ended": "结束系统维护",
    "record.disk.shed": "磁盘不够，清理临时内容",
    "record.year.archived": "归档一年的审计和查看记录",
    "record.backup.drilled": "做恢复演练",
}
#: What entries are about, as the trail shows it.
AUDIT_SUBJECTS = {
    "outbox": "通知",
    "trail": "审计记录",
    "chain": "审计链",
    "files": "存放的文件",
    "key": "密钥",
    "year": "年度记录",
    "maintenance": "系统维护",
    "disk": "磁盘",
    "backup": "备份",
}
RETENTION = {
    "AuditEntry": "永久：不可修改和删除",
    "AuditLink": "永久：不可修改和删除",
    "AuditDay": "永久：不可修改和删除",
    "ChainState": "随入链更新",
    "AuditCheck": "永久：每次核验一行",
    "Blob": "随引用它的办件一同保管",
    "OutboxMessage": "送达后 6 个月（网络安全法日志保存底线）",
    "RememberedAnswer": "30 天",
    "WorkerBeat": "随进程更新",
    "Maintenance": "维护结束时删除",
    "Digest": "90 天",
    "Edition": "每天合并成一行",
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS, AUDIT_SUBJECTS, quiet=AUDIT_VERBS)
