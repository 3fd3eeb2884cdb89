"""A passkey of a virtual authenticator: the browser's own dialog, answered by a finger that is not there."""

from playwright.async_api import expect

from tests import browser
from tests.browser import find_barriers

pytestmark = browser.marks

PASSWORD = "a lighthouse keeper's cat"
NOT_SIGNED_IN = {"cookies": [], "origins": []}


async def plug_in_authenticator(page):
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    able = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": kind | able})
    return devtools


async def invite(open_tab):
    """The link that lets one more person into the workspace."""
    page = await open_tab("team/")
    await page.get_by_role("button", name="Make a link").click()
    return await page.locator("#new-link").input_value()


async def test_a_passkey_is_added_opens_the_studio_alone_and_is_removed(studio, open_tab):
    page = await open_tab("", storage_state=NOT_SIGNED_IN)
    link = await invite(open_tab)
    await plug_in_authenticator(page)
    await page.goto(link)
    await page.fill("[name=name]", "Paula")
    await page.fill("[name=email]", "paula@example.com")
    await page.fill("[name=password]", PASSWORD)
    await page.get_by_role("button", name="Make an account and join").click()
    await page.wait_for_url("**/w/**")

    await page.goto(f"{studio.url}/account/2fa/")
    assert not await find_barriers(page)
    await page.get_by_role("link", name="Add").click()
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_label("Sign in with it alone").check()
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert not await find_barriers(page)

    await page.goto(f"{studio.url}/account/logout/")
    await page.locator("main form button[type=submit]").first.click()
    await page.goto(f"{studio.url}/account/login/?next=/w/{studio.slug}/library/")
    assert not await find_barriers(page)
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page).to_have_url(studio.at("library/"))

    await page.goto(f"{studio.url}/account/2fa/webauthn/")
    assert not await find_barriers(page)
    await page.get_by_role("link", name="Remove").click()
    await page.get_by_role("link", name="Use a passkey").click()
    await page.get_by_role("button", name="Use a passkey").click()
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("None yet.")).to_be_visible()


async def test_a_passkey_that_is_not_there_is_said_and_the_password_still_works(studio, open_tab):
    page = await open_tab("", storage_state=NOT_SIGNED_IN)
    devtools = await plug_in_authenticator(page)
    await page.goto(f"{studio.url}/account/login/")
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_role("alert")).to_contain_text("sign in with your password")
    await devtools.detach()
