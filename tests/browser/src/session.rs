//! One browser, steered from ordinary blocking code.
//!
//! The driver's client is asynchronous; a story is not, for it does one thing after another. So the
//! client is driven to completion call by call on a runtime of its own.
//!
//! Invariant: the browser ends with this value, whatever happened in between.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use thirtyfour::LoggingPrefsLogLevel;
use thirtyfour::prelude::*;
use tokio::runtime::{Builder, Runtime};

use crate::settings;

/// Longer than any script of a story takes, axe on a full page included.
const SCRIPT_TIME: Duration = Duration::from_secs(120);

pub(crate) struct Session {
    runtime: Runtime,
    driver: Option<WebDriver>,
}

impl Session {
    pub(crate) fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let driver = runtime.block_on(connect()).expect("the driver starts a browser");
        Self { runtime, driver: Some(driver) }
    }

    pub(crate) fn driver(&self) -> &WebDriver {
        self.driver.as_ref().expect("the browser runs until this value is dropped")
    }

    /// Waits for one call to the driver; `doing` names it in case of failure.
    #[track_caller]
    pub(crate) fn wait<T>(&self, doing: &str, call: impl Future<Output = WebDriverResult<T>>) -> T {
        self.runtime.block_on(call).unwrap_or_else(|error| panic!("{doing}: {error}"))
    }

    /// A call to the browser's own tools, and what they answer.
    pub(crate) fn tools(&self, command: &str, params: Value) -> Value {
        self.wait(command, self.driver().cdp().send_raw(command, params))
    }

    /// A picture if there can be one; for moments in which another failure would only confuse.
    pub(crate) fn try_picture(&self, file: &Path) {
        let _ = self.runtime.block_on(self.driver().screenshot(file));
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            // There is nothing left to do about a browser that has already gone.
            let _ = self.runtime.block_on(driver.quit());
        }
    }
}

async fn connect() -> WebDriverResult<WebDriver> {
    let mut wishes = DesiredCapabilities::chrome();
    wishes.set_binary(&settings::chrome())?;
    for flag in settings::chrome_flags() {
        wishes.add_arg(&flag)?;
    }
    wishes.set_browser_log_level(LoggingPrefsLogLevel::All)?;
    let driver = WebDriver::new(settings::driver(), wishes).await?;
    driver.set_script_timeout(SCRIPT_TIME).await?;
    Ok(driver)
}
