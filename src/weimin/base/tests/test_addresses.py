"""The address that counts: what our own proxies saw, never what a caller wrote."""

from __future__ import annotations

import pytest

from weimin.base.addresses import client_address

PEER = "10.0.0.9"


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        ("", 0, PEER),
        ("203.0.113.1", 0, PEER),  # nobody of ours wrote it
        ("203.0.113.1", 1, "203.0.113.1"),
        ("6.6.6.6, 203.0.113.1", 1, "203.0.113.1"),  # the first was forged
        ("6.6.6.6, 7.7.7.7, 203.0.113.1", 1, "203.0.113.1"),
        ("6.6.6.6, 203.0.113.1, 10.0.0.2", 2, "203.0.113.1"),
        ("203.0.113.1", 2, PEER),  # did not pass both proxies
        ("", 1, PEER),
        ("unknown", 1, PEER),
        ("<script>", 1, PEER),
        (", ,", 1, PEER),
        ("203.0.113.1:4711", 1, "203.0.113.1"),
        ("[2001:db8:1:2:3::4]:4711", 1, "2001:db8:1:2::"),
        ("2001:db8:1:2:3::4", 1, "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::9", 1, "2001:db8:1:2::"),  # one household, one network
        ("::ffff:203.0.113.1", 1, "203.0.113.1"),
        ("203.0.113.1\r\nX: y", 1, PEER),
    ],
)
def test_only_what_our_proxies_vouch_for_counts(forwarded: str, proxies: int, address: str) -> None:
    assert client_address(remote=PEER, forwarded=forwarded, proxies=proxies) == address


@pytest.mark.parametrize("remote", ["", "unix:", "/run/web.sock"])
def test_a_peer_without_an_address_is_one_place(remote: str) -> None:
    assert client_address(remote=remote, forwarded="", proxies=0) == "unknown"
