// Starts the page: loads the two files of the program that the page's head announces.
//
// It is a file of its own because the page's policy allows no inline script. Trunk writes the names
// of the files, which change with their content, into the head; here they are only looked up.

const announced = (selector) => document.head.querySelector(selector);

async function start() {
  const script = announced("link[rel=modulepreload]");
  const program = announced('link[rel=preload][type="application/wasm"]');
  const { default: init } = await import(script.href);
  await init({ module_or_path: program.href });
}

start().catch((error) => {
  console.error(error);
  const note = document.createElement("p");
  note.setAttribute("role", "alert");
  note.textContent =
    "Kafkascope could not start. It needs a browser with WebAssembly. The reason given: " + error;
  document.body.append(note);
});
