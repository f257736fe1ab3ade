//! `cargo xtask dist`: the optimised static site, ready to be put on any web server.
//!
//! Beside each file lies a copy compressed with brotli and one with gzip, for servers that send
//! such copies as they are. The sizes are printed, since every kilobyte is somebody's wait.
//!
//! Invariant: the site works from any folder of a server, for it holds relative addresses only.

use std::path::PathBuf;

use crate::args::Args;
use crate::problem::{Done, Problem};
use crate::repo;
use crate::setup::{self, Kit};
use crate::site::{self, Care};

pub fn chore(mut args: Args) -> Done {
    let folder = args.value("--out")?.map_or_else(|| repo::root().join("dist"), PathBuf::from);
    args.finish()?;
    let mut kit = setup::for_rust()?;
    site::build(&mut kit, Care::Optimised, &folder)?;
    let sizes = compress(&kit, &folder)?;
    print!("{}", table(&sizes));
    Ok(())
}

/// A file's name and its sizes in bytes: as it is, with gzip, with brotli.
struct Sizes {
    name: String,
    bytes: [u64; 3],
}

fn compress(kit: &Kit, folder: &PathBuf) -> Done<Vec<Sizes>> {
    let script = repo::root().join("xtask/src/compress.mjs");
    let report = kit.run("node").arg(script).arg(folder).text();
    let report = report.ok_or_else(|| Problem::new("node could not compress the site's files"))?;
    Ok(report.lines().filter_map(sizes).collect())
}

fn sizes(line: &str) -> Option<Sizes> {
    let mut words = line.split('\t');
    let name = words.next()?.to_string();
    let mut next = || words.next()?.parse().ok();
    Some(Sizes { name, bytes: [next()?, next()?, next()?] })
}

fn table(files: &[Sizes]) -> String {
    let total = files.iter().fold([0; 3], |sum, file| {
        [sum[0] + file.bytes[0], sum[1] + file.bytes[1], sum[2] + file.bytes[2]]
    });
    let total = Sizes { name: String::from("total"), bytes: total };
    let heading = format!("{:>10} {:>10} {:>10}  file\n", "bytes", "gzip", "brotli");
    files.iter().chain([&total]).fold(heading, |text, file| {
        let [raw, gzip, brotli] = file.bytes;
        format!("{text}{raw:>10} {gzip:>10} {brotli:>10}  {}\n", file.name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_ends_with_the_total() {
        let files: Vec<_> = "a.js\t10\t5\t4\nb.wasm\t20\t8\t7".lines().filter_map(sizes).collect();
        let table = table(&files);
        let last: Vec<_> = table.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(last, ["30", "13", "11", "total"]);
    }
}
