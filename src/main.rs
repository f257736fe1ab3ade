//! Starts the page.

fn main() {
    kafkascope::start();
}
