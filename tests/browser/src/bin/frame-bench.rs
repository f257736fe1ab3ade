//! Asks the page to measure itself, and prints what it answers.
//!
//! A page offers this as `window.kafkascopeBench`, a function without arguments that returns a
//! promise of anything JSON can hold, such as frame times by scene. `cargo xtask bench` runs this.
//!
//! Invariant: the numbers are the page's own; nothing is measured from outside, where the driver's
//! own work would be counted in.

use kafkascope_browser_tests::Page;

const ASK: &str = "
    const done = arguments[arguments.length - 1];
    Promise.resolve(window.kafkascopeBench()).then(done, (error) => done(String(error)));";

fn main() {
    let page = Page::open("");
    if page.eval("return typeof window.kafkascopeBench === 'function'") == true {
        println!("{:#}", page.eval_later(ASK));
    } else {
        println!("the page offers no window.kafkascopeBench");
    }
}
