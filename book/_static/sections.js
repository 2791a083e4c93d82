// The browser lays out the sections near the window first (content-visibility in unrolled.css).
// The others follow here in idle moments, so that soon every place and length is the true one.
document.addEventListener("DOMContentLoaded", () => {
  const root = document.documentElement;
  const waiting = [...document.querySelectorAll(".bd-article section > section")];
  const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));
  const more = () => idle(layOut, { timeout: 500 });

  function layOut(deadline) {
    do {
      const section = waiting.shift();
      if (!section) return root.classList.add("whole");
      section.classList.add("laid-out");
      section.getBoundingClientRect(); // now, not all of them together in the next frame
    } while (deadline?.timeRemaining() > 30);
    more();
  }

  // Whoever goes to a place needs true ones at once; an address that names one had them before
  document.addEventListener("click", ({ target }) => {
    if (target.closest('a[href*="#"]')) root.classList.add("whole");
  }, true);

  if (document.readyState === "complete") more();
  else addEventListener("load", more);
});
