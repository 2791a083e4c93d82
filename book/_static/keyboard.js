// What is wider than its box can be reached and scrolled by keyboard, and says what it is.
_ready(() => {
  const article = document.querySelector(".bd-article");
  if (!article) return;
  const kinds = {
    ".pst-scrollable-table-container": "Table",
    ".formula, span.math": "Formula",
    ".cell_output *": "Output",
    pre: "Code",
  };
  const boxes = "pre, .formula, span.math, .pst-scrollable-table-container, .cell_output > .output";
  const observed = new WeakSet();

  // Called when a box is laid out for the first time, unfolds or changes its size
  const sizes = new ResizeObserver((entries) => {
    const seen = entries.map(({ target: box }) => [
      box,
      box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1,
    ]);
    for (const [box, scrolls] of seen) {
      if (scrolls === (box.tabIndex === 0)) continue;
      if (scrolls) {
        const kind = Object.keys(kinds).find((selector) => box.matches(selector));
        box.tabIndex = 0;
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", `${kinds[kind]}, scrolls sideways`);
      } else for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  });
  const observe = () => {
    for (const box of article.querySelectorAll(boxes)) {
      if (observed.has(box)) continue;
      observed.add(box);
      sizes.observe(box);
    }
  };
  observe();
  new MutationObserver(observe).observe(article, { subtree: true, childList: true });
});

// In the contents, the sign that unfolds a chapter's pages says whose they are.
_ready(() => {
  for (const summary of document.querySelectorAll(".bd-links summary")) {
    const chapter = summary.closest("li").querySelector("a").textContent.trim();
    summary.setAttribute("aria-label", `Pages of ${chapter}`);
  }
});

// Likewise the button of a solution.
_ready(() => {
  for (const button of document.querySelectorAll(".solution .toggle-button"))
    button.setAttribute("aria-label", "Solution");
});

// Escape closes the search dialog and a menu at the side, and leads back to where they were opened;
// while the dialog is open, Tab stays in it.
document.addEventListener("keydown", (event) => {
  const dialog = document.querySelector(".search-button__wrapper.show .search-button__search-container");
  if (!dialog || (event.key !== "Escape" && event.key !== "Tab")) return;
  if (event.key === "Escape") {
    dialog.parentElement.classList.remove("show");
    event.stopImmediatePropagation(); // the theme would open it again
    [...document.querySelectorAll(".search-button__button")].find((b) => b.checkVisibility())?.focus();
    return;
  }
  const stops = [...dialog.querySelectorAll("a, input")].filter((stop) => stop.checkVisibility());
  const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
  if (document.activeElement !== from && dialog.contains(document.activeElement)) return;
  event.preventDefault();
  to.focus();
}, true);
