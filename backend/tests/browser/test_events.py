"""An event in the administration: filled with its sample, and sent to oneself."""

from playwright.sync_api import expect

from tests.browser.visitor import Visitor


def test_an_event_is_previewed_and_tried_out_by_who_looks_at_it(
    visitor: Visitor,
) -> None:
    page = visitor.page
    visitor.bring_session(visitor.site.administrator)
    visitor.open("/admin/events/event/")
    page.get_by_role("link", name="Order shipped").click()
    page.get_by_role("link", name="Preview and test").first.click()

    mail = page.frame_locator("iframe")
    expect(mail.get_by_role("heading")).to_have_text("Your order A-1017 is on its way")
    expect(page.get_by_text("27 characters, 1 SMS")).to_be_visible()
    page.get_by_label("Language").fill("ru")
    page.get_by_role("button", name="Fill the templates").click()
    expect(mail.get_by_role("heading")).to_have_text("Ваш заказ A-1017 в пути")
    in_app = page.get_by_role("region", name="in_app, en")
    in_app.get_by_role("button", name="Send it to me").click()
    expect(page.get_by_text("Queued for you by in_app.")).to_be_visible()

    visitor.open()
    visitor.expect_live()
    expect(visitor.headlines().first).to_have_text("Order A-1017")
