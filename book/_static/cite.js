// A sign beside each heading copies what a citation of that section needs.
_ready(() => {
  const data = document.getElementById("citation");
  if (!data) return;
  const book = JSON.parse(data.textContent);
  const said = document.createElement("div"); // for screen readers
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  for (const link of document.querySelectorAll("article :is(h1, h2, h3) > a.headerlink")) {
    const heading = link.parentElement.cloneNode(true);
    heading.querySelectorAll(".headerlink").forEach((part) => part.remove());
    heading.querySelectorAll("math").forEach((math) => {
      math.replaceWith(`$${math.querySelector("annotation").textContent}$`);
    });
    const title = heading.textContent.trim().replace(/\s+/g, " ").replace(/[.?!]?$/, (end) => end || ".");
    const place = link.parentElement.tagName === "H1" ? "" : link.getAttribute("href");
    const text = `${book.author} (${book.year}). “${title}” In ${book.book}, version ${book.version}. ${book.address}${place}`;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "cite";
    button.title = "Copy a citation of this section";
    button.setAttribute("aria-label", `Copy a citation of “${title}”`);
    button.textContent = "cite";
    button.addEventListener("click", async () => {
      const done = await copy(text);
      said.textContent = done ? "Citation copied" : "The citation could not be copied";
      button.textContent = done ? "copied" : "not copied";
      setTimeout(() => { button.textContent = "cite"; said.textContent = ""; }, 2000);
    });
    link.after(button);
  }
  document.querySelector("article").append(said);
});

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {} // not allowed, or a page without https
  const field = document.createElement("textarea");
  field.value = text;
  field.style.cssText = "position: fixed; opacity: 0";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
