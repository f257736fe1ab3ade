//! A small server for the finished site.
//!
//! It hands out files and nothing else, and it does so below a folder two levels deep, so that a
//! site that works here works from any folder of any server.
//!
//! Invariant: it listens on the loopback address only and never leaves the site's folder.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;

use crate::settings;

const FOLDER: &str = "/a/folder/";

/// The address of the site, served from the first call until the process ends.
pub(crate) fn address() -> &'static str {
    static ADDRESS: OnceLock<String> = OnceLock::new();
    ADDRESS.get_or_init(|| start(settings::site()).expect("a free port on the loopback address"))
}

fn start(site: PathBuf) -> io::Result<String> {
    assert!(site.join("index.html").is_file(), "there is no site in {}", site.display());
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("http://{}{FOLDER}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let site = site.clone();
            // A browser that goes away in the middle of an answer is no failure.
            thread::spawn(move || drop(answer(&stream, &site)));
        }
    });
    Ok(address)
}

fn answer(stream: &TcpStream, site: &Path) -> io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for header in lines {
        if header?.is_empty() {
            break;
        }
    }
    match file(&request).and_then(|name| Some((fs::read(site.join(name)).ok()?, name))) {
        Some((body, name)) => send(stream, "200 OK", kind(name), &body),
        None => send(stream, "404 Not Found", "text/plain", b"There is no such file.\n"),
    }
}

/// The file that a request asks for, if it is one of the site's.
fn file(request: &str) -> Option<&str> {
    let address = request.strip_prefix("GET ")?.split([' ', '?']).next()?;
    let name = address.strip_prefix(FOLDER)?;
    let inside = !name.split('/').any(|part| part == "..") && !name.starts_with('/');
    inside.then_some(if name.is_empty() { "index.html" } else { name })
}

fn send(mut stream: &TcpStream, status: &str, kind: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    )?;
    stream.write_all(body)?;
    stream.flush()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_a_file_of_the_site() {
        assert_eq!(file("GET /a/folder/ HTTP/1.1"), Some("index.html"));
        assert_eq!(file("GET /a/folder/app.js?v=1 HTTP/1.1"), Some("app.js"));
        assert_eq!(file("GET /a/folder/x/y.css HTTP/1.1"), Some("x/y.css"));
    }

    #[test]
    fn nothing_else_is_handed_out() {
        assert_eq!(file("GET /app.js HTTP/1.1"), None);
        assert_eq!(file("GET /a/folder/../../secret HTTP/1.1"), None);
        assert_eq!(file("GET /a/folder//etc/secret HTTP/1.1"), None);
        assert_eq!(file("POST /a/folder/ HTTP/1.1"), None);
    }
}
