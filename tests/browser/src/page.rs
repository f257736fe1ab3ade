//! The page as a person meets it: look, press, click, read.
//!
//! Elements are named by CSS selectors or, better, by what a person would call them
//! ([`Page::click_button`]). Every action waits for its element, so stories need no pauses.
//!
//! Invariant: a call either does what it says or panics with a sentence about it.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::axe::{self, Violation};
use crate::keys;
use crate::server;
use crate::session::Session;
use crate::settings;
use crate::view::View;

const PATIENCE: Duration = Duration::from_secs(20);
/// The most presses of Tab to somewhere.
const MOST_STEPS: usize = 200;
const MOMENT: Duration = Duration::from_millis(20);

/// The page in a browser of its own.
pub struct Page {
    session: Session,
}

impl Page {
    /// Opens the page in a laptop's window. `rest` is what follows its address: nothing, a query,
    /// or a fragment like `#k1.…`.
    pub fn open(rest: &str) -> Self {
        Self::open_in(View::DESKTOP, rest)
    }

    /// Opens the page on the given screen, and waits until the program has taken over.
    pub fn open_in(view: View, rest: &str) -> Self {
        let page = Self { session: Session::start() };
        for (tool, wish) in [
            ("Emulation.setDeviceMetricsOverride", view.metrics()),
            ("Emulation.setEmulatedMedia", view.media()),
        ] {
            page.session.tools(tool, wish);
        }
        page.go(rest);
        page
    }

    /// Goes to the page again with something else after its address.
    pub fn go(&self, rest: &str) {
        let address = format!("{}{rest}", server::address());
        self.session.wait("opening the page", self.session.driver().goto(address));
        self.wait_until("the page has started", "return document.querySelector('main')");
    }

    /// Loads the page anew.
    pub fn reload(&self) {
        self.session.wait("reloading the page", self.session.driver().refresh());
        self.wait_until("the page has started", "return document.querySelector('main')");
    }

    /// Presses and releases a key where the focus is: `Space`, `k`, `Shift+ArrowLeft`.
    pub fn press(&self, names: &str) {
        let chord = keys::chord(names);
        let press = self.session.driver().action_chain();
        let press = chord.held.iter().fold(press, |press, key| press.key_down(*key));
        let press = press.key_down(chord.key).key_up(chord.key);
        let press = chord.held.iter().rev().fold(press, |press, key| press.key_up(*key));
        self.session.wait(&format!("pressing {names}"), press.perform());
    }

    /// Clicks the first element that a selector finds.
    pub fn click(&self, css: &str) {
        let element = self.element(css);
        self.session.wait(&format!("clicking {css}"), element.click());
    }

    /// Clicks the button with this name, as a screen reader would say it.
    pub fn click_button(&self, name: &str) {
        let script = "
            const buttons = document.querySelectorAll('button, [role=button], summary');
            const named = (button) =>
                (button.getAttribute('aria-label') ?? button.textContent).trim() === arguments[0];
            return [...buttons].find(named) ?? null;";
        let doing = format!("finding the button '{name}'");
        let answer = self.until(&doing, || self.run(script, vec![json!(name)]));
        let element = WebElement::from_json(answer, self.session.driver().handle().clone());
        let element = element.unwrap_or_else(|error| panic!("{doing}: {error}"));
        self.session.wait(&format!("clicking the button '{name}'"), element.click());
    }

    /// Types into the first element that a selector finds.
    pub fn type_into(&self, css: &str, text: &str) {
        let element = self.element(css);
        self.session.wait(&format!("typing into {css}"), element.send_keys(text));
    }

    /// The visible text of the first element that a selector finds.
    #[must_use]
    pub fn text(&self, css: &str) -> String {
        let element = self.element(css);
        self.session.wait(&format!("reading {css}"), element.text())
    }

    /// An attribute of the first element that a selector finds.
    #[must_use]
    pub fn attribute(&self, css: &str, name: &str) -> Option<String> {
        let element = self.element(css);
        self.session.wait(&format!("reading {name} of {css}"), element.attr(name))
    }

    /// How many elements a selector finds at this moment.
    #[must_use]
    pub fn count(&self, css: &str) -> usize {
        let all = self.session.driver().find_all(By::Css(css));
        self.session.wait(&format!("counting {css}"), all).len()
    }

    /// The title of the page.
    #[must_use]
    pub fn title(&self) -> String {
        self.session.wait("reading the title", self.session.driver().title())
    }

    /// What a screen reader is given of the first element that a selector finds: its role and its name.
    #[must_use]
    pub fn spoken(&self, css: &str) -> (String, String) {
        let found = json!({ "expression": format!("document.querySelector({css:?})") });
        let found = self.session.tools("Runtime.evaluate", found);
        let Some(id) = found["result"]["objectId"].as_str() else {
            panic!("there is no {css} to be spoken of")
        };
        let about = json!({ "objectId": id, "fetchRelatives": false });
        let tree = self.session.tools("Accessibility.getPartialAXTree", about);
        let said = |part: &str| tree["nodes"][0][part]["value"].as_str().unwrap_or_default().into();
        (said("role"), said("name"))
    }

    /// Presses Tab until the focus is on an element that fits the selector.
    pub fn walk_to(&self, css: &str) {
        let there = format!("return document.activeElement.matches({css:?})");
        for _ in 0..MOST_STEPS {
            if self.eval(&there) == json!(true) {
                return;
            }
            self.press("Tab");
        }
        panic!("Tab does not reach {css}");
    }

    /// What comes after the page's own address: query and fragment.
    #[must_use]
    pub fn address(&self) -> String {
        let all = self.eval("return location.search + location.hash");
        all.as_str().unwrap_or_default().to_string()
    }

    /// What a script returns: `return document.activeElement.id`.
    pub fn eval(&self, script: &str) -> Value {
        self.run(script, Vec::new())
    }

    /// What a script hands to `arguments[0]`, its only argument, when it is done.
    pub fn eval_later(&self, script: &str) -> Value {
        let later = self.session.driver().execute_async(script, Vec::<Value>::new());
        self.session.wait("running a script", later).json().clone()
    }

    /// Waits until a script returns something true, and returns that.
    pub fn wait_until(&self, what: &str, script: &str) -> Value {
        self.until(&format!("waiting until {what}"), || self.eval(script))
    }

    /// Takes a picture of the screen, as `NAME.png` in the folder for pictures.
    pub fn screenshot(&self, name: &str) -> PathBuf {
        let folder = settings::screens();
        fs::create_dir_all(&folder).expect("a folder for pictures");
        let file = folder.join(format!("{name}.png"));
        let driver = self.session.driver();
        self.session.wait("taking a picture", driver.screenshot(&file));
        file
    }

    /// What axe-core finds wrong with the page as it is now.
    #[must_use]
    pub fn axe(&self) -> Vec<Violation> {
        if self.eval("return typeof axe === 'undefined'") == json!(true) {
            self.eval(&axe::source());
        }
        axe::violations(&self.eval_later(axe::ASK))
    }

    /// The errors and warnings on the console since the last call, refused requests and breaches of
    /// the page's policy among them.
    #[must_use]
    pub fn console_errors(&self) -> Vec<String> {
        let log = self.session.wait("reading the console", self.session.driver().browser_log());
        let bad =
            log.into_iter().filter(|entry| entry.level == "SEVERE" || entry.level == "WARNING");
        bad.map(|entry| format!("{}: {}", entry.level, entry.message)).collect()
    }

    /// Everything that was loaded from elsewhere than the site's own folder.
    #[must_use]
    pub fn foreign_requests(&self) -> Vec<String> {
        let all = self.eval("return performance.getEntriesByType('resource').map((r) => r.name)");
        let all = all.as_array().cloned().unwrap_or_default();
        let names = all.iter().filter_map(|name| name.as_str().map(String::from));
        names.filter(|name| !name.starts_with(server::address())).collect()
    }

    /// No error on the console, nothing from elsewhere, nothing that shuts people out.
    #[track_caller]
    pub fn assert_sound(&self) {
        assert_eq!(self.console_errors(), Vec::<String>::new(), "on the console");
        assert_eq!(self.foreign_requests(), Vec::<String>::new(), "loaded from elsewhere");
        let violations: Vec<_> = self.axe().iter().map(ToString::to_string).collect();
        assert!(violations.is_empty(), "axe finds:\n{}", violations.join("\n"));
    }

    fn element(&self, css: &str) -> WebElement {
        let find = || {
            let all = self.session.driver().find_all(By::Css(css));
            self.session.wait(&format!("finding {css}"), all).into_iter().next()
        };
        let end = Instant::now() + PATIENCE;
        loop {
            match find() {
                Some(element) => return element,
                None if Instant::now() > end => panic!("finding {css}: it never appeared"),
                None => thread::sleep(MOMENT),
            }
        }
    }

    fn until(&self, doing: &str, ask: impl Fn() -> Value) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = ask();
            if !(answer.is_null() || answer == false) {
                return answer;
            }
            assert!(Instant::now() < end, "{doing}: it never came to be");
            thread::sleep(MOMENT);
        }
    }

    fn run(&self, script: &str, args: Vec<Value>) -> Value {
        let driver = self.session.driver();
        self.session.wait("running a script", driver.execute(script, args)).json().clone()
    }
}

impl Drop for Page {
    /// A story that fails leaves a picture of what it saw last.
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        let thread = thread::current();
        let story = thread.name().unwrap_or("story").replace("::", "-");
        let folder = settings::screens();
        let _ = fs::create_dir_all(&folder);
        let file = folder.join(format!("failed-{story}.png"));
        self.session.try_picture(&file);
    }
}
