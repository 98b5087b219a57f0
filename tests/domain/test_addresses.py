"""Test the groups by which addresses are counted."""

from __future__ import annotations

import pytest

from pitwall.domain.addresses import NOBODY, groups_of


@pytest.mark.parametrize(
    ("host", "household", "network"),
    [
        ("192.0.2.7", "192.0.2.7", None),
        ("::ffff:192.0.2.7", "192.0.2.7", None),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("::1", "::/64", "::/48"),
        ("", NOBODY, None),
        ("unknown", NOBODY, None),
        ("192.0.2.7:80", NOBODY, None),
    ],
)
def test_an_address_is_counted_by_household_and_network(
    host: str, household: str, network: str | None
) -> None:
    assert groups_of(host) == (household, network)


def test_ipv4_has_no_network_with_a_share() -> None:
    assert groups_of("192.0.2.7").shares(256) == {"192.0.2.7": 256}
