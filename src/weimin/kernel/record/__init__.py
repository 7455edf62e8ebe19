"""What is written with every change: the audit trail, files, the outbox, idempotency keys.

Owns: audit entries (审计记录), blobs (文件内容), outbox messages (待发事件), remembered answers (防重复提交).
Stands below people, so that everything, people included, can be audited; an entry therefore keeps a
snapshot of who acted instead of a key to them.
"""
