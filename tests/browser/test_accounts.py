"""Test accounts in a real browser: forms, cookies, and the way back after a log-in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.client import HTTPConnection
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Server
from tests.browser.test_live_page import PHONE, POOR_CONTRAST
from tests.browser.watching import Watch

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# A page of its own socket each time: on a busy machine that takes a while.
SOON_MS = 60_000
EMAIL, PASSWORD = "ada.lovelace@example.org", "an engine of brass"


@pytest.fixture(scope="module")
def ada(server: Server) -> str:
    """Open an account at the terminal, as the owner does; registering is limited."""
    server.open_account(EMAIL, PASSWORD)
    return EMAIL


@pytest.fixture
def elsewhere(browser: Browser) -> Iterator[BrowserContext]:
    """Give a second browser, with cookies of its own."""
    tabs = browser.new_context()
    yield tabs
    tabs.close()


def log_in(page: Page, server: Server, to: str = "/account", password: str = PASSWORD) -> None:
    page.goto(f"{server.url}/login?next={to}")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()


def ask(server: Server, path: str, key: str) -> int:
    """Ask as a program does; return the status."""
    asking = HTTPConnection("localhost", server.port, timeout=10)
    asking.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    status = asking.getresponse().status
    asking.close()
    return status


def test_register_look_around_and_log_out(server: Server, page: Page) -> None:
    email = f"{uuid4().hex}@example.org"  # another one at each try
    page.goto(server.url)
    page.get_by_role("link", name="Log in").click()
    page.get_by_role("link", name="Register").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Open an account").click()
    field = page.get_by_label("Password", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true", timeout=SOON_MS)
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("at least 10 characters"))

    field.fill(PASSWORD)
    page.get_by_role("button", name="Open an account").click()

    link = page.get_by_role("link", name=f"Account of {email}")
    expect(link).to_be_visible(timeout=SOON_MS)
    expect(page.locator(".card").first).to_be_visible(timeout=SOON_MS)
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("pitwall", True, "Lax")
    link.click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in")).to_be_visible(timeout=SOON_MS)
    assert page.context.cookies() == []


def test_a_wrong_password_is_said_in_place_and_nothing_else(
    server: Server, page: Page, ada: str
) -> None:
    log_in(page, server, password="a wrong password")

    expect(page.get_by_text("E-mail or password is wrong.")).to_be_visible(timeout=SOON_MS)
    assert PASSWORD not in page.url
    assert page.context.cookies() == []


def test_a_guest_who_wants_the_account_page_comes_back_to_it(
    server: Server, page: Page, ada: str
) -> None:
    page.goto(f"{server.url}/account")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible(timeout=SOON_MS)
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()

    expect(page.locator("#page").get_by_text(EMAIL)).to_be_visible(timeout=SOON_MS)
    expect(page).to_have_url(re.compile(f"{server.url}/account/?$"))


@pytest.mark.parametrize(
    "trap", ["https://evil.example/", "//evil.example", "/%5Cevil.example", "javascript:alert(1)"]
)
def test_logging_in_leads_to_no_other_site(server: Server, page: Page, ada: str, trap: str) -> None:
    log_in(page, server, to=trap)

    expect(page.get_by_role("link", name=f"Account of {EMAIL}")).to_be_visible(timeout=SOON_MS)
    expect(page).to_have_url(f"{server.url}/")


def test_a_key_is_shown_once_and_opens_until_revoked(server: Server, page: Page, ada: str) -> None:
    log_in(page, server)
    page.get_by_label("Name of a new key").fill("laptop")
    page.get_by_role("button", name="Make a key").click()
    shown = page.locator("#new-key")
    expect(shown).to_have_value(re.compile(r"pw_[0-9a-f]{12}_.{43}"), timeout=SOON_MS)
    key = shown.input_value()
    assert ask(server, "/predict", key) == 200
    assert ask(server, "/auth/sessions", key) == 403

    page.reload()
    expect(page.get_by_text("laptop")).to_be_visible(timeout=SOON_MS)
    assert key not in page.content()
    page.get_by_role("button", name="Revoke laptop").click()

    expect(page.get_by_text("You have no API keys yet.")).to_be_visible(timeout=SOON_MS)
    assert ask(server, "/predict", key) == 401


def test_changing_the_password_ends_the_log_in_elsewhere(
    server: Server, page: Page, elsewhere: BrowserContext, ada: str
) -> None:
    other = elsewhere.new_page()
    log_in(other, server)
    expect(other.locator("#page").get_by_text(EMAIL)).to_be_visible(timeout=SOON_MS)
    log_in(page, server)
    expect(page.locator(".owned > li").nth(1)).to_be_visible(timeout=SOON_MS)

    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()

    expect(page.get_by_text("Your password is changed.")).to_be_visible(timeout=SOON_MS)
    expect(page.locator(".owned > li")).to_have_count(1, timeout=SOON_MS)
    other.reload()
    expect(other.get_by_role("heading", name="Log in")).to_be_visible(timeout=SOON_MS)


def test_pages_pass_their_own_policy_fit_a_phone_and_have_contrast(
    server: Server, page: Page, ada: str
) -> None:
    watch = Watch(page)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a TypedDict
    for path in ("/register", "/login", "/account"):
        if path == "/account":
            log_in(page, server)
            expect(page.locator("#page").get_by_text(EMAIL)).to_be_visible(timeout=SOON_MS)
        else:
            page.goto(server.url + path)
            expect(page.get_by_label("E-mail")).to_be_visible(timeout=SOON_MS)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], path
        assert page.evaluate(POOR_CONTRAST) == [], path
        assert page.evaluate(UNLABELLED) == [], path
    page.get_by_role("link", name="API documentation").click()
    expect(page.get_by_text("Live Formula 1 battles").first).to_be_visible(timeout=SOON_MS)

    assert watch.complaints == []


def test_nobody_frames_the_pages(server: Server, page: Page) -> None:
    answer = page.goto(server.url)

    assert answer is not None
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "x-request-id" in answer.headers


UNLABELLED = """
() => [...document.querySelectorAll("input:not([hidden]), button:not([hidden])")]
  .filter((e) => !(e.labels?.length || e.textContent.trim() || e.ariaLabel))
  .map((e) => e.outerHTML)
"""


def test_two_browsers_of_one_account_share_what_is_chosen(
    server: Server, page: Page, elsewhere: BrowserContext, ada: str
) -> None:
    kept, first = page.locator(".kept-in-account"), page
    first.goto(f"{server.url}/settings")
    expect(first.locator(".kept-in-browser")).to_be_visible(timeout=SOON_MS)
    expect(kept).to_be_hidden()
    log_in(first, server, "/settings")
    expect(kept).to_be_visible(timeout=SOON_MS)
    with first.expect_request_finished(lambda sent: sent.method == "PUT", timeout=SOON_MS):
        first.locator("#setting-theme").select_option("light", timeout=SOON_MS)

    second = elsewhere.new_page()
    second.goto(f"{server.url}/settings")
    second.locator("#setting-theme").select_option("dark", timeout=SOON_MS)
    log_in(second, server, "/settings")

    expect(second.locator("html")).to_have_attribute("data-theme", "light", timeout=SOON_MS)
    expect(second.locator("#setting-theme")).to_have_value("light")
    second.context.set_offline(True)  # what cannot be sent is not lost
    second.locator("#setting-palette").select_option("safe")
    second.wait_for_timeout(1_500)
    second.context.set_offline(False)
    with second.expect_request_finished(lambda sent: sent.method == "PUT", timeout=SOON_MS):
        second.reload()
    first.reload()
    expect(first.locator("html")).to_have_attribute("data-palette", "safe", timeout=SOON_MS)
    first.goto(f"{server.url}/account")
    first.get_by_role("button", name="Log out").click(timeout=SOON_MS)
    expect(first.get_by_role("link", name="Log in")).to_be_visible(timeout=SOON_MS)
    expect(first.locator("html")).to_have_attribute("data-kept", "browser")
