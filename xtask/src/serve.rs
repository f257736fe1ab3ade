//! `cargo xtask serve`: the page on this machine, rebuilt whenever a file changes.
//!
//! Trunk does the work. It listens on the loopback address only: what is being developed is nobody
//! else's business.
//!
//! Invariant: the address is printed before Trunk takes over the terminal.

use crate::args::Args;
use crate::problem::{Done, Problem};
use crate::repo;
use crate::setup;
use crate::site;

pub fn chore(mut args: Args) -> Done {
    let release = args.flag("--release");
    let port = port(args.value("--port")?)?;
    args.finish()?;
    let mut kit = setup::for_rust()?;
    if release {
        setup::for_optimised_page(&mut kit)?;
    } else {
        setup::for_page(&mut kit)?;
    }
    println!("serving http://127.0.0.1:{port}/ (once built; Ctrl+C ends it)");
    let trunk = site::trunk(&kit, "serve --address 127.0.0.1 --public-url /");
    let trunk = trunk.arg("--port").arg(port.to_string());
    let trunk = trunk.arg("--dist").arg(repo::target().join("site-serve"));
    if release { trunk.arg("--release").shown() } else { trunk.shown() }
}

fn port(given: Option<String>) -> Done<u16> {
    let Some(text) = given else { return Ok(8080) };
    text.parse().map_err(|_| Problem::new(format!("'{text}' is not a port number")))
}
