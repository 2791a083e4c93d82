// Copied formulas are LaTeX: $h_t$ within a line, $$…$$ where they stand on a line of their own.
document.addEventListener("copy", (event) => {
  const selection = document.getSelection();
  if (selection.isCollapsed || !event.clipboardData) return;
  const range = selection.getRangeAt(0).cloneRange();
  for (const [end, move] of [["start", "setStartBefore"], ["end", "setEndAfter"]]) {
    const node = range[`${end}Container`]; // a formula that is selected in part is copied whole
    const math = (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest("math");
    if (math) range[move](math);
  }
  const part = range.cloneContents();
  const formulas = part.querySelectorAll("math");
  if (!formulas.length) return;
  for (const math of formulas) {
    const mark = math.classList.contains("tml-display") ? "$$" : "$";
    math.replaceWith(mark + math.querySelector("annotation").textContent + mark);
  }
  const box = document.createElement("div"); // in the page, since innerText follows its layout
  box.style.cssText = "position: absolute; left: -99999px; white-space: pre-line";
  box.append(part);
  document.body.append(box);
  event.clipboardData.setData("text/plain", box.innerText);
  event.preventDefault();
  box.remove();
});

// A solution unfolds wherever its title is clicked; the title is a link, to the exercise above it.
document.addEventListener("click", (event) => {
  const title = event.target.closest(".solution.toggle > .admonition-title");
  const follow = event.detail === 0 || event.ctrlKey || event.metaKey || event.shiftKey; // by key
  if (!title || follow || event.target.closest(".toggle-button")) return;
  event.preventDefault();
  event.stopPropagation(); // else the theme's own listener folds it again
  title.querySelector(".toggle-button").click();
}, true);

// The bar shows the page's title once the title itself has scrolled away.
_ready(() => {
  const title = document.querySelector(".header-title");
  const heading = document.querySelector("article h1");
  if (!title || !heading) return;
  const bar = document.querySelector(".bd-header-article").offsetHeight;
  new IntersectionObserver(
    ([entry]) => { title.hidden = entry.isIntersecting || entry.boundingClientRect.top > bar; },
    { rootMargin: `-${bar}px 0px 0px` },
  ).observe(heading);
});

// The search dialog answers as one types. From file:// nothing can be imported: there, as without
// an index, the field leads to Sphinx's own search page.
document.addEventListener("focusin", ({ target }) => {
  if (location.protocol === "file:" || target.dataset.answers) return;
  if (!target.matches(".search-button__search-container input")) return;
  target.dataset.answers = "yes";
  import("./search.js").then(({ attach }) => attach(target), () => {});
});

// “Run here”: until it is pressed, nothing of what runs cells is loaded. From file:// nothing can be.
_ready(() => {
  if (location.protocol === "file:") document.querySelector(".btn-run-here")?.closest("li").remove();
});
document.addEventListener("click", ({ target }) => {
  if (target.closest(".btn-run-here")) import("./live/live.js").then(({ start }) => start());
});
