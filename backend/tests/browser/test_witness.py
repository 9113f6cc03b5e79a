"""What every other test here relies on: that a fault of a page is noticed."""

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitor

FAULTS = {
    "a dialog was shown": "alert(1)",
    "a request left the host": "open('http://127.0.0.2:9/')",
    "a script failed": "setTimeout(() => { throw new Error('broken'); })",
    "the policy was violated": """
        const script = document.createElement('script');
        script.textContent = 'document.title = "run"';
        document.body.append(script);
    """,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_page_is_noticed(visitor: Visitor, fault: str) -> None:
    visitor.open()
    expect(visitor.page.get_by_label("Username")).to_be_visible()

    visitor.page.evaluate(f"() => {{ {FAULTS[fault]} }}")

    noticed = visitor.witness.offences
    visitor.wait_until(lambda: any(fault in offence for offence in noticed))
    assert visitor.page.title() == "Carillon"
    noticed.clear()
