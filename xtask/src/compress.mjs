// Puts a .gz and a .br copy beside every file of a folder, and prints one line for each file:
// its name, its size, and the sizes of the copies, separated by tabs.
//
// Node.js is needed for wasm-opt anyway, and its zlib knows both formats.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const folder = process.argv[2];

const files = (at) =>
  readdirSync(join(folder, at), { withFileTypes: true }).flatMap((entry) => {
    const name = at ? `${at}/${entry.name}` : entry.name;
    return entry.isDirectory() ? files(name) : [name];
  });

for (const name of files("").sort()) {
  if (/\.(br|gz)$/.test(name)) continue;
  const bytes = readFileSync(join(folder, name));
  const gzip = gzipSync(bytes, { level: 9 });
  const brotli = brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  writeFileSync(join(folder, `${name}.gz`), gzip);
  writeFileSync(join(folder, `${name}.br`), brotli);
  console.log([name, bytes.length, gzip.length, brotli.length].join("\t"));
}
