//! The driver process through which tests steer the browser, and the flags the browser gets.
//!
//! One driver serves a whole run; every test has its own browser with a new, empty profile.
//!
//! Invariant: the driver ends with the value that stands for it, however the run ends.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Child;

use crate::problem::{Done, Problem, While};
use crate::repo;
use crate::setup::Kit;

/// What a browser in a test is started with. It talks to nobody but the page under test, and runs
/// as any user on any machine, also as root without a graphics card.
pub const CHROME_FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
];

/// A running driver.
pub struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    pub fn start(kit: &Kit) -> Done<Self> {
        let program = kit.get("CHROMEDRIVER").expect("set-up found the driver");
        let mut process = kit.run(program).words("--port=0 --log-level=SEVERE").start_piped()?;
        let output = process.stdout.take().expect("the output is piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let port = lines.find_map(|line| port_in(&line));
        // Keeps reading, or the driver would stop once the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        match port {
            Some(port) => Ok(Self { process, port }),
            None => Err(Problem::new("chromedriver started but named no port")),
        }
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn port_in(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("started successfully on port ")?;
    rest.trim_end_matches('.').parse().ok()
}

/// Writes the file from which `wasm-bindgen-test-runner` learns how to start the browser.
pub fn write_capabilities(kit: &Kit) -> Done<PathBuf> {
    let browser = kit.get("KAFKASCOPE_CHROME").expect("set-up found the browser");
    let flags: Vec<_> = CHROME_FLAGS.iter().map(|flag| format!("\"{flag}\"")).collect();
    let text = format!(
        "{{\"goog:chromeOptions\": {{\"binary\": {:?}, \"args\": [{}]}}}}\n",
        browser.to_string_lossy(),
        flags.join(", ")
    );
    let file = repo::target().join("xtask/webdriver.json");
    std::fs::write(&file, text).or_say(|| format!("writing {}", file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_driver_tells_its_port_in_a_sentence() {
        let line = "ChromeDriver was started successfully on port 40217.";
        assert_eq!(port_in(line), Some(40217));
        assert_eq!(port_in("Please see the documentation"), None);
    }
}
