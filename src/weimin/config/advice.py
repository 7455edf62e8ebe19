"""What each finding means for people when it is wrong, and what to do next: for doctor, the digest and the page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    """The group a finding stands in, what it means for people when it is wrong, and the next step."""

    group: str
    means: str
    todo: str


DATABASE, DATA, WORK, MACHINE, SERVICE = "数据库", "数据和密钥", "后台和通知", "机器", "上线"
GROUPS = (DATABASE, DATA, WORK, MACHINE, SERVICE)
ADVICE = {
    "server": Advice(DATABASE, "旧版本缺少要用的功能，装不上或跑不稳", "升级到 PostgreSQL 15 以上"),
    "trigrams": Advice(DATABASE, "群众搜不到要办的事", "用 C.UTF-8 重建数据库，并 CREATE EXTENSION pg_trgm"),
    "migrations": Advice(DATABASE, "新功能的页面会出错", "运行 weimin load schema（先看有没有会锁表的，见说明）"),
    "pending": Advice(DATABASE, "会锁住大表的变更白天做，群众提交会卡住", "安排在夜里，先 weimin maintenance on"),
    "wall": Advice(
        DATABASE, "程序万一有错，别处的数据可能露出来", "运行 weimin load schema；网页进程换成受约束的用户登录"
    ),
    "database_settings": Advice(DATABASE, "数据一多，列表就慢", "按 deploy 里的数据库参数修改，改后重启数据库"),
    "standbys": Advice(
        DATABASE,
        "现在办的只存在一台机器上：它坏了，没有机器接替，最近办的可能丢",
        "在数据库机器上 patronictl list，看备库和它的 PostgreSQL、Patroni 日志；修好后它自己跟上",
    ),
    "pooler": Advice(
        DATABASE, "后台进程不启动，通知不发、期限不动", "用 WEIMIN_DIRECT_DATABASE_URL 给后台进程和命令行直连的地址"
    ),
    "clocks": Advice(DATABASE, "到期时间会算早或算晚", "两台机器都用 NTP 对时（timedatectl status）"),
    "keys": Advice(
        DATA,
        "身份证号、文件都打不开，办不了件",
        "核对 WEIMIN_MASTER_KEY_FILE 指的文件，用封存的密钥恢复；不要新建密钥代替",
    ),
    "files": Advice(DATA, "这几份材料、文书打不开", "从备份恢复这些文件，再运行 weimin files seal"),
    "chain": Advice(
        DATA, "新的操作还没有防篡改，收据上查不到位置", "看后台进程是否在运行；查长时间不结束的数据库事务并结束它"
    ),
    "checks": Advice(
        DATA, "记录可能被改过，对外公布的摘要对不上", "保全现场，不要重启和清理；运行 weimin verify，报告审计管理员"
    ),
    "backups": Advice(DATA, "机器坏了，会丢掉上次备份以后的办件", "看 journalctl -u 'weimin-backup@*'，或手工备份一次"),
    "copies": Advice(
        DATA,
        "机器坏了，会丢掉上次复制以后的材料和文书",
        "看 journalctl -u weimin-backup@files；备份盘没有挂上的先挂上",
    ),
    "drill": Advice(
        DATA,
        "没演练过的备份，坏了机器可能恢复不出来",
        "看 journalctl -u weimin-drill，再 systemctl start weimin-drill；没通过的当作没有备份",
    ),
    "figures": Advice(DATA, "统计数和考核的数不对", "按说明运行 weimin figures reconcile；没有统计过的运行 rebuild"),
    "calendar": Advice(DATA, "期限只能暂定，会告诉群众“暂定”", "用 weimin notice 装入当年的放假安排"),
    "moments": Advice(WORK, "视为受理、预警等没有按时发生", "看“运行情况”里是哪几件，按追踪号查日志里的原因"),
    "outbox": Advice(WORK, "有人没收到通知", "在“运行情况”看原因，修好后点“重发”"),
    "worker": Advice(
        WORK, "通知不发、期限不动、审计不入链", "systemctl status weimin-worker；没有运行就启动它，或 weimin worker"
    ),
    "versions": Advice(WORK, "新旧程序混着跑，有的事按旧办法做", "把还是旧版本的后台进程重启"),
    "jobs": Advice(WORK, "夜里的清理、核验或比对没做成", "看后台进程日志里出错的任务，修好后它每夜会再做"),
    "digest": Advice(WORK, "出了事没人告诉您", "看后台进程是否在运行；可以手工运行 weimin digest --keep"),
    "upkeep": Advice(WORK, "", ""),
    "room": Advice(MACHINE, "材料和文书存不进去、取不出来", "看文件库的地址、网络和空间；桶的话看 S3 服务是否正常"),
    "disk": Advice(MACHINE, "写满以后谁也办不了件", "按“磁盘不够”一节腾出空间或扩容"),
    "certificates": Advice(MACHINE, "到期后浏览器打不开网站", "续签证书，再 nginx -s reload"),
    "assets": Advice(MACHINE, "页面没有样式", "运行 make setup"),
    "fonts": Advice(MACHINE, "文书上的字显示不出来", "运行 make setup，或设置 WEIMIN_FONTS"),
    "service": Advice(SERVICE, "这样上线不安全", "manage.py check --deploy 逐项说明"),
}


def advice_of(code: str) -> Advice:
    """The advice for a finding."""
    return ADVICE[code]
