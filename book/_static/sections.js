// The browser lays out the sections near the window first (content-visibility in unrolled.css).
// The others follow here in idle moments, so that soon every place and length is the true one.
document.addEventListener("DOMContentLoaded", () => {
  const waiting = [...document.querySelectorAll(".bd-article section > section")];
  const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));
  const more = () => idle(layOut, { timeout: 500 });
  let moved = false; // by the reader, since the address named a place
  const note = () => { moved = true; };
  const kinds = ["wheel", "touchstart", "pointerdown", "keydown"];
  for (const kind of kinds) addEventListener(kind, note, { passive: true });
  addEventListener("hashchange", () => { moved = false; });

  function layOut(deadline) {
    do {
      const section = waiting.shift();
      if (!section) return finish();
      section.classList.add("laid-out");
      section.getBoundingClientRect(); // now, not all of them together in the next frame
    } while (deadline?.timeRemaining() > 25);
    more();
  }

  function finish() {
    const root = document.documentElement;
    root.classList.add("all-laid-out");
    for (const kind of kinds) removeEventListener(kind, note);
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (named && !moved) named.scrollIntoView({ behavior: "instant" });
  }

  if (document.readyState === "complete") more();
  else addEventListener("load", more);
});
