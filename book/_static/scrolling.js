// What is wider than its box can be reached and scrolled by keyboard, and says what it is.
document.addEventListener("DOMContentLoaded", () => {
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
