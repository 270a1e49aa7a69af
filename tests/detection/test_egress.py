"""The guard: what it refuses by reading, what by asking, and what one opening opens."""

from __future__ import annotations

import pytest

from detection.egress import EgressPolicy, EgressRefused, is_internal
from detection.fetching import FetchFailed, FetchLimits, fetch
from tests.detection.site import Site, served


def names(table: dict[str, tuple[str, ...]]):
    """A name service with exactly these answers."""

    def lookup(host: str, _: int) -> tuple[str, ...]:
        if host not in table:
            raise OSError("unknown")
        return table[host]

    return lookup


LOOPBACK = [
    "127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "0.0.0.0",  # noqa: S104 - refused, not bound
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
    "10.0.0.8", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "198.18.0.1",
    "[fe80::1]", "[fc00::1]", "[ff02::1]", "224.0.0.1", "255.255.255.255", "127.0.0.1.",
]  # fmt: skip


@pytest.mark.parametrize("host", LOOPBACK)
def test_internal_addresses_in_every_spelling(host: str) -> None:
    policy = EgressPolicy(lookup=names({}))
    with pytest.raises(EgressRefused) as refused:
        policy.check_url(f"http://{host}/")
    assert refused.value.code == "private_address"
    with pytest.raises(EgressRefused):
        policy.resolve(host, 80)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("file:///etc/passwd", "scheme"),
        ("ftp://example.org/", "scheme"),
        ("gopher://example.org/", "scheme"),
        ("data:text/plain,x", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("http://user:word@example.org/", "credentials"),
        ("http://@example.org/", "credentials"),
        ("http://example.org:22/", "port"),
        ("http://example.org:0/", "port"),
        ("http://example.org:99999/", "malformed"),
        ("http://[broken/", "malformed"),
        ("http:///nowhere", "malformed"),
        ("http://example.org\\@127.0.0.1/", "malformed"),
        ("http://example.org/\r\nHost: x", "malformed"),
        ("http://example.org/" + "a" * 9000, "malformed"),
    ],
)
def test_addresses_that_are_refused_by_reading(url: str, code: str) -> None:
    with pytest.raises(EgressRefused) as refused:
        EgressPolicy().check_url(url)
    assert refused.value.code == code
    assert refused.value.sentence.endswith(".")


def test_public_addresses_pass() -> None:
    policy = EgressPolicy(lookup=names({"example.org": ("93.184.215.14",)}))
    policy.check_url("https://example.org/a?b#c")
    assert policy.resolve("Example.ORG.", 443) == "93.184.215.14"
    assert not is_internal("2606:2800:21f:cb07:6820:80da:af6b:8b2c")


def test_one_internal_answer_refuses_the_name() -> None:
    policy = EgressPolicy(lookup=names({"example.org": ("93.184.215.14", "10.0.0.1")}))
    with pytest.raises(EgressRefused):
        policy.resolve("example.org", 80)


def test_an_opening_opens_exactly_one_pair() -> None:
    policy = EgressPolicy(allowed={("bilder.example.org", 9000): "127.0.0.1"}, lookup=names({}))
    policy.check_url("http://bilder.example.org:9000/")
    assert policy.resolve("bilder.example.org", 9000) == "127.0.0.1"
    for host, port in (("bilder.example.org", 80), ("127.0.0.1", 9000), ("example.org", 9000)):
        with pytest.raises(EgressRefused):
            policy.resolve(host, port)


def test_fetching_follows_the_guard_and_its_limits() -> None:
    site, inside = Site(), Site()
    with served(site), served(inside):
        policy = EgressPolicy(allowed={("bilder.example.org", site.port): "127.0.0.1"}, lookup=names({}))
        base = f"http://bilder.example.org:{site.port}"
        site.file("/a", b"x" * 100)
        site.redirect("/b", "/a")
        site.redirect("/loop", "/loop")
        site.redirect("/inside", f"http://127.0.0.1:{inside.port}/")
        site.redirect("/named", f"http://localhost:{inside.port}/")
        fetched = fetch(f"{base}/b", policy)
        assert (fetched.body, fetched.url, fetched.status) == (b"x" * 100, f"{base}/a", 200)
        for path in ("/inside", "/named"):
            with pytest.raises(EgressRefused):
                fetch(base + path, policy)
        with pytest.raises(FetchFailed):
            fetch(f"{base}/loop", policy)
        with pytest.raises(FetchFailed):
            fetch(f"{base}/a", policy, FetchLimits(max_bytes=99))
    assert inside.asked == []


def test_a_name_that_changes_its_answer_reaches_nothing() -> None:
    """Rebinding: public when first asked, loopback when asked again."""
    answers = iter([("93.184.215.14",), ("127.0.0.1",), ("127.0.0.1",)])
    policy = EgressPolicy(lookup=lambda _host, _port: next(answers), ports=(80,))
    policy.check_url("http://rebind.example.org/")
    assert policy.resolve("rebind.example.org", 80) == "93.184.215.14"  # the one that is connected to
    with pytest.raises(EgressRefused):
        policy.resolve("rebind.example.org", 80)


def test_a_slow_server_is_left_alone() -> None:
    site = Site(delay=3.0)
    with served(site):
        policy = EgressPolicy(allowed={("bilder.example.org", site.port): "127.0.0.1"})
        with pytest.raises(FetchFailed):
            fetch(f"http://bilder.example.org:{site.port}/", policy, FetchLimits(seconds=0.5))
