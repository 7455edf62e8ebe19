"""What messages bring: they listen to everything that happened; how long their table is kept."""

from weimin.kernel.messages.actions import TEXT_DUE, hand_over_text, notify
from weimin.kernel.record.registry import EVERY_TOPIC, listen, listen_outside

RETENTION = {"Message": "随办件"}
#: Tables with personal data: each has row policies, the second wall.
PERSONAL = frozenset({"Message"})


def plug_in() -> None:
    """Register with the kernel."""
    listen(EVERY_TOPIC, notify)
    listen_outside(TEXT_DUE, hand_over_text)
