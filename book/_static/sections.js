// The browser lays out the sections near the window first (content-visibility in unrolled.css).
// The others follow here in idle moments, so that soon every place and length is the true one.
_ready(() => {
  const root = document.documentElement;
  root.classList.remove("loading"); // the menus at the side can follow the first text
  const waiting = [...document.querySelectorAll(".bd-article section > section")];
  const idle = window.requestIdleCallback ?? ((work) => setTimeout(work, 50));
  const more = () => idle(layOut, { timeout: 500 });

  function layOut(deadline) {
    do {
      const section = waiting.shift();
      if (!section) {
        root.classList.add("whole");
        return follow();
      }
      section.classList.add("laid-out");
      section.getBoundingClientRect(); // now, not all of them together in the next frame
    } while (deadline?.timeRemaining() > 30);
    more();
  }

  // The contents at the side show where one reads. The theme's script for that measures every
  // section, so it comes last.
  function follow() {
    if (!window.bootstrap) return idle(follow); // its script is still to run
    for (const spied of document.querySelectorAll('[data-bs-spy="scroll"]'))
      bootstrap.ScrollSpy.getOrCreateInstance(spied);
  }

  // Whoever goes to a place needs true ones at once; an address that names one had them before
  document.addEventListener("click", ({ target }) => {
    if (target.closest('a[href*="#"]')) root.classList.add("whole");
  }, true);

  if (document.readyState === "complete") more();
  else addEventListener("load", more);
});
