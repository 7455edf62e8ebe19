"""Known devices: what the cookie carries, and how a device and a time are told in words.

The cookie is the device cookie of OWASP's “Slow Down Online Guessing Attacks with Device Cookies”: it proves that
somebody has logged into an account from this browser before. It admits nobody; it only gives the browser a budget
of wrong tries of its own.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from datetime import datetime, timedelta

from weimin.base import crypto

PURPOSE = "accounts.device"
#: Accounts that one browser remembers; the counter's machines are shared.
MAX_ACCOUNTS = 12
KEEP = timedelta(days=180)

#: account id → (a number drawn at the log-in, when it was drawn)
Devices = dict[int, tuple[str, int]]


def open_devices(text: str, *, at: datetime) -> Devices:
    """What a cookie says; nothing when it is not ours, was changed, or is too old."""
    try:
        plain = crypto.unseal(base64.urlsafe_b64decode(text.encode("ascii")), purpose=PURPOSE)
        rows = json.loads(plain)
        found = {int(pk): (str(nonce), int(made)) for pk, nonce, made in rows}
    except (crypto.SealBroken, binascii.Error, ValueError, TypeError):
        return {}
    oldest = (at - KEEP).timestamp()
    return {pk: (nonce, made) for pk, (nonce, made) in found.items() if made >= oldest}


def seal_devices(devices: Devices, *, account_id: int, at: datetime) -> str:
    """The cookie with an account put in anew; the oldest leave when there are too many."""
    kept = {pk: one for pk, one in devices.items() if pk != account_id}
    newest = sorted(kept, key=lambda pk: kept[pk][1], reverse=True)[: MAX_ACCOUNTS - 1]
    rows = [[account_id, secrets.token_hex(12), int(at.timestamp())], *([pk, *kept[pk]] for pk in newest)]
    return base64.urlsafe_b64encode(crypto.seal(json.dumps(rows), purpose=PURPOSE)).decode("ascii")


_SYSTEMS = (
    ("HarmonyOS", "鸿蒙手机"),
    ("iPhone", "苹果手机"),
    ("iPad", "苹果平板"),
    ("Android", "安卓手机"),
    ("Windows", "Windows 电脑"),
    ("Macintosh", "苹果电脑"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux 电脑"),
)
_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("AlipayClient", "支付宝"),
    ("QQBrowser", "QQ 浏览器"),
    ("UCBrowser", "UC 浏览器"),
    ("HuaweiBrowser", "华为浏览器"),
    ("MiuiBrowser", "小米浏览器"),
    ("Edg", "Edge 浏览器"),
    ("Firefox", "火狐浏览器"),
    ("Chrome", "Chrome 浏览器"),
    ("Safari", "Safari 浏览器"),
)


def device_words(agent: str) -> str:
    """A device in words from what its browser says of itself: 安卓手机上的微信. The words are kept, the text is not."""
    system = next((words for mark, words in _SYSTEMS if mark in agent), "")
    browser = next((words for mark, words in _BROWSERS if mark in agent), "")
    if system and browser:
        return f"{system}上的{' ' if browser[0].isascii() else ''}{browser}"
    return system or browser or "不认识的设备"


def seen_words(seen_at: datetime, *, at: datetime) -> str:
    """When something was last seen, roughly: more would be a trail of somebody's day."""
    ago = at - seen_at
    if ago < timedelta(minutes=20):
        return "刚刚在用"
    if ago < timedelta(hours=1):
        return "一小时内用过"
    if ago < timedelta(days=1):
        return "一天内用过"
    return f"{ago.days} 天前用过"
