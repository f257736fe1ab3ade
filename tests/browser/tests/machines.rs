//! Stories of what holds a process up: disks and quotas.
//!
//! Invariant: whatever is done here is done with the keyboard, and said in words.

use kafkascope_browser_tests::{Page, View};

/// Presses a button of the inspector by keyboard.
fn press_action(page: &Page, label: &str) {
    let focus = format!(
        "const button = [...document.querySelectorAll('.inspector .action')].find((b) => b.textContent.startsWith('{label}'));
         if (!button) return false; button.focus(); return true"
    );
    page.wait_until(label, &focus);
    page.press("Enter");
}

#[test]
fn a_disk_is_filled_and_healed_with_the_keyboard_and_its_card_says_so() {
    let page = Page::stopped(View::DESKTOP, "What disks do", "00:00:17");
    page.eval("document.querySelectorAll('section.broker .card-title')[1].focus()");
    page.press("Enter");
    page.wait_until("the inspector", "return document.querySelector('.inspector h2')");
    assert!(page.text(".inspector").contains("not written to disk yet"));
    press_action(&page, "Slow the disk down");
    let note = "return [...document.querySelectorAll('.card-note')].some((n) => n.textContent.includes('slow disk: 500 ms a write'))";
    page.wait_until("the card says so", note);
    press_action(&page, "Fill the disk");
    let full = "return [...document.querySelectorAll('.card-note')].some((n) => n.textContent.includes('disk full'))";
    page.wait_until("the card says so", full);
    page.screenshot("machines-disk-light");
    page.assert_sound();
    press_action(&page, "Heal the disk");
    page.wait_until("all is well", "return ![...document.querySelectorAll('.card-note')].some((n) => n.textContent.includes('disk'))");
}

#[test]
fn who_is_above_a_quota_says_how_long_it_waits() {
    let page = Page::stopped(View::DESKTOP.dark(), "Two tenants and a quota", "00:00:19");
    let waits = "return [...document.querySelectorAll('section.producer')].some((card) => card.textContent.includes('its quota'))";
    for _ in 0..400 {
        if page.eval(waits) == true {
            break;
        }
        page.press("ArrowRight");
    }
    assert_eq!(page.eval(waits), true);
    page.eval("document.querySelector('section.producer .card-title').focus()");
    page.press("Enter");
    page.wait_until("the inspector", "return document.querySelector('.inspector h2')");
    assert!(page.text(".inspector").contains("bytes a second"), "{}", page.text(".inspector"));
    page.screenshot("machines-quota-dark");
    page.assert_sound();
}

#[test]
fn a_disk_is_told_of_on_a_phone() {
    let page = Page::stopped(View::PHONE, "What disks do", "00:00:17");
    page.eval("document.querySelectorAll('section.broker .card-title')[1].focus()");
    page.press("Enter");
    page.wait_until("the inspector", "return document.querySelector('.inspector h2')");
    press_action(&page, "Slow the disk down");
    let note = "return [...document.querySelectorAll('.card-note')].some((n) => n.textContent.includes('slow disk'))";
    page.wait_until("the card says so", note);
    page.screenshot("machines-disk-phone");
    page.assert_sound();
}
