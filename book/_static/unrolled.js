// Typesetting moves what lies below it, so that a link to an equation misses its target: unless
// the reader has gone on meanwhile, go there once more when the formulas have their size.
let reading = false;
for (const action of ["wheel", "touchstart", "pointerdown", "keydown"])
  window.addEventListener(action, () => (reading = true), { once: true, passive: true });

window.addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && !reading) target.scrollIntoView();
});
