//! Asks the page to measure itself, and prints what it answers.
//!
//! A page offers this as `window.kafkascopeBench`, a function without arguments that returns a
//! promise of anything JSON can hold, such as frame times by scene; given the text of a scenario, it
//! answers how fast that one goes. A last measurement watches the page while a group of a hundred
//! members rebalances. `cargo xtask bench` runs this.
//!
//! Invariant: the numbers are the page's own; nothing is measured from outside, where the driver's
//! own work would be counted in.

use kafkascope_browser_tests::Page;

const ASK: &str = "
    const done = arguments[arguments.length - 1];
    Promise.resolve(window.kafkascopeBench()).then(done, (error) => done(String(error)));";

/// A million records of a kilobyte a second; `kafkascope bench` measures the same file.
const FLOOD: &str = include_str!("../../../bench/flood.toml");

/// The time between two frames, for ten seconds; a frame at 60 a second takes 16.7 ms.
const WATCH: &str = "
    const done = arguments[arguments.length - 1];
    const gaps = [];
    let last = null;
    const until = performance.now() + 10000;
    const frame = (now) => {
        if (last !== null) gaps.push(now - last);
        last = now;
        if (now < until) return requestAnimationFrame(frame);
        gaps.sort((a, b) => a - b);
        const at = (share) => Math.round(gaps[Math.floor(gaps.length * share)] * 10) / 10;
        done({
            'frames': gaps.length,
            'between two frames, median ms': at(0.5),
            'between two frames, p99 ms': at(0.99),
            'longest ms': Math.round(gaps.at(-1) * 10) / 10,
            'dropped': gaps.filter((gap) => gap > 25).length,
        });
    };
    requestAnimationFrame(frame);";

/// Members of the group before one more joins.
const MEMBERS: usize = 100;

fn main() {
    let page = Page::open("");
    if page.eval("return typeof window.kafkascopeBench === 'function'") == true {
        println!("{:#}", page.eval_later(ASK));
        flood();
    } else {
        println!("the page offers no window.kafkascopeBench");
    }
    rebalance();
}

/// On a page of its own: its records fill a good part of what memory a page may have.
fn flood() {
    let page = Page::open("");
    let text = serde_json::Value::from(FLOOD);
    println!("a million records a second:");
    println!("{:#}", page.eval_later(&ASK.replace("Bench()", &format!("Bench({text})"))));
}

/// A hundred members join a group; then one more does while the frames are counted.
fn rebalance() {
    let page = Page::open("");
    for _ in 0..MEMBERS {
        page.press("a");
    }
    page.press("g");
    page.press("Space");
    page.wait_until(
        "the group is stable",
        "return document.querySelector('.chart-head')?.textContent.includes('Stable') && document.querySelectorAll('.owner').length > 100",
    );
    page.press("g");
    page.press("a");
    println!("{MEMBERS} members rebalance on the stage:");
    println!("{:#}", page.eval_later(WATCH));
    page.press("a");
    page.press("g");
    println!("{MEMBERS} members rebalance, seen through time:");
    println!("{:#}", page.eval_later(WATCH));
    page.screenshot("hundred-members");
}
