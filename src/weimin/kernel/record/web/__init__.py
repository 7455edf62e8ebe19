"""Pages of the record: the published chain on the portal, the audit administrator's on the desk."""
