"""What the catalogue brings: its audit verbs and how long its tables are kept."""

from weimin.kernel.record.registry import register_verbs

AUDIT_VERBS = {
    "catalogue.item.published": "发布事项版本",
    "catalogue.offers.loaded": "装入事项进驻",
}
RETENTION = {
    "Item": "永久：清单历史",
    "ItemVersion": "永久：办件引用的版本不可删除",
    "LifeEvent": "永久",
    "Offer": "永久：谁在何时办过什么",
}


def plug_in() -> None:
    """Register with the kernel."""
    register_verbs(AUDIT_VERBS)
