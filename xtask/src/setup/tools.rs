//! The tools that come from package registries, each in exactly one version.
//!
//! A tool in the right version on the `PATH` is used as it is. Otherwise it is installed into a
//! folder named after its version, away from the person's own tools.
//!
//! Invariant: a tool's folder gets its final name only once the tool is complete.

use std::fs;
use std::path::{Path, PathBuf};

use super::kit::Kit;
use super::{debian, say};
use crate::problem::{Done, Problem, While};
use crate::repo;

/// Builds the page. Compiled without its network features, which nothing here uses.
pub fn trunk(kit: &mut Kit) -> Done {
    kit.set("TRUNK_SKIP_VERSION_CHECK", "true");
    cargo_tool(kit, "trunk", "trunk", repo::TRUNK, "--locked --no-default-features", 5)
}

/// Makes the JavaScript side of the page; must equal the version of the library in it.
pub fn wasm_bindgen(kit: &mut Kit) -> Done {
    let version = repo::locked("wasm-bindgen")?;
    cargo_tool(kit, "wasm-bindgen-cli", "wasm-bindgen", &version, "", 3)
}

/// Makes WebAssembly smaller.
pub fn wasm_opt(kit: &mut Kit) -> Done {
    let major = repo::BINARYEN.split('.').next().unwrap_or_default();
    if has_version(kit, "wasm-opt", major) {
        return Ok(());
    }
    let modules = npm_package(kit, "binaryen", repo::BINARYEN)?;
    kit.add_folder(modules.join(".bin"));
    Ok(())
}

/// Finds mistakes in accessibility; `KAFKASCOPE_AXE` tells the stories where it is.
pub fn axe(kit: &mut Kit) -> Done {
    let modules = npm_package(kit, "axe-core", repo::AXE)?;
    kit.set("KAFKASCOPE_AXE", modules.join("axe-core/axe.min.js"));
    Ok(())
}

/// Node.js also compresses the site, so it is needed beside npm's packages.
pub fn node(kit: &Kit) -> Done {
    if kit.which("node").is_some() && kit.which("npm").is_some() {
        return Ok(());
    }
    if debian::is_here(kit) {
        return debian::install(kit, "nodejs npm");
    }
    Err(Problem::new("node and npm are not on the PATH; install Node.js 18 or newer"))
}

fn cargo_tool(
    kit: &mut Kit,
    package: &str,
    program: &str,
    version: &str,
    options: &str,
    minutes: u8,
) -> Done {
    if has_version(kit, program, version) {
        return Ok(());
    }
    let home = repo::tools().join(format!("{program}-{version}"));
    if !home.exists() {
        say(&format!("installing {package} {version} with cargo (about {minutes} minutes)"));
        let install = |part: &Path| {
            let run = kit.run("cargo").args(["install", "--quiet", package, "--version", version]);
            run.words(options).arg("--root").arg(part).shown()
        };
        complete(&home, install)?;
    }
    kit.add_folder(home.join("bin"));
    Ok(())
}

/// Returns the folder `node_modules` with the package in it.
fn npm_package(kit: &Kit, package: &str, version: &str) -> Done<PathBuf> {
    node(kit)?;
    let home = repo::tools().join(format!("{package}-{version}"));
    if !home.exists() {
        say(&format!("installing {package} {version} with npm"));
        complete(&home, |part| {
            let run = kit.run("npm").words("install --silent --no-audit --no-fund --prefix");
            run.arg(part).arg(format!("{package}@{version}")).quiet()
        })?;
    }
    Ok(home.join("node_modules"))
}

/// Runs an installation into a folder beside and renames it when all went well.
fn complete(home: &Path, install: impl Fn(&Path) -> Done) -> Done {
    let part = PathBuf::from(format!("{}.part", home.display()));
    let _ = fs::remove_dir_all(&part);
    fs::create_dir_all(&part).or_say(|| format!("making {}", part.display()))?;
    install(&part)?;
    fs::rename(&part, home).or_say(|| format!("finishing {}", home.display()))
}

fn has_version(kit: &Kit, program: &str, version: &str) -> bool {
    kit.which(program).is_some() && {
        let text = kit.run(program).arg("--version").text().unwrap_or_default();
        text.split_whitespace().any(|word| word == version)
    }
}
