// The dialog's results as one types, from Pagefind's index, which `make book` puts into the site.
const pagefind = await import("../pagefind/pagefind.js");
await pagefind.options({
  excerptLength: 24,
  ranking: { metaWeights: { title: 5, words: 5, page: 0.5, late: 1, number: 0, place: 0 } },
});

const SHOWN = 10;
// Words that most sections have; a question is asked without them
const EMPTY = new Set(
  ("a an and are as at be by can do does for from get have how i in into is it its me my of on or " +
    "should so that the their there this to up use using was we what when where with you your").split(" "),
);

const search = async (words) => (await pagefind.search(words.join(" "))).results;

/** The sections with all words; where these are few, also those with some, rare words first. */
export async function find(query) {
  const typed = query.toLowerCase().split(/[\s?!,;]+/).filter(Boolean);
  const telling = typed.filter((word) => !EMPTY.has(word));
  const words = telling.length ? telling : typed;
  const found = words.length ? await search(words) : [];
  if (found.length >= SHOWN || words.length < 2) return found;
  const total = new Map();
  const count = (results, weight) => {
    for (const result of results) {
      const before = total.get(result.id)?.score ?? 0;
      total.set(result.id, { ...result, score: before + weight * result.score });
    }
  };
  count(found, 2);
  for (const results of await Promise.all(words.map((word) => search([word])))) count(results, 1);
  return [...total.values()].sort((a, b) => b.score - a.score);
}

/** The first results with what is to be shown of them. */
export const first = async (query, count = SHOWN) =>
  Promise.all((await find(query)).slice(0, count).map((result) => result.data()));

const part = (kind, name, text) => {
  const element = document.createElement(kind);
  element.className = `found-${name}`;
  element.textContent = text;
  return element;
};

function entry({ meta, excerpt }) {
  const link = document.createElement("a");
  link.href = new URL(`../${meta.place}`, import.meta.url);
  const title = meta.title ?? meta.late;
  link.append(part("span", "title", [meta.number, title].filter(Boolean).join(" ")));
  if (meta.page !== title) link.append(part("span", "page", meta.page));
  const passage = part("span", "excerpt", "");
  passage.innerHTML = excerpt; // escaped by Pagefind, but for its <mark>
  link.append(passage);
  const item = document.createElement("li");
  item.append(link);
  return item;
}

/** Answer in this field from now on. */
export function attach(field) {
  const box = part("div", "box", "");
  const status = part("p", "status", "");
  const list = part("ul", "list", "");
  status.setAttribute("role", "status");
  box.append(status, list);
  field.form.after(box);
  let shown = Promise.resolve();
  let asked = "";
  let waiting; // for the next letter, a moment

  const show = async (query) => {
    const results = query ? await first(query) : [];
    if (query !== asked) return; // more was typed meanwhile
    list.replaceChildren(...results.map(entry));
    list.scrollTop = 0;
    status.textContent = query && !results.length ? "Nothing found" : "";
    box.hidden = !query;
  };
  const ask = () => {
    clearTimeout(waiting);
    const query = field.value.trim();
    if (query !== asked) shown = show((asked = query));
  };
  const close = () => {
    box.closest(".search-button__wrapper").classList.remove("show");
    const buttons = [...document.querySelectorAll(".search-button__button")];
    buttons.find((button) => button.offsetParent)?.focus();
  };

  box.hidden = true;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 150);
  });
  field.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    ask();
    await shown;
    list.querySelector("a")?.click();
  });
  list.addEventListener("click", (event) => event.target.closest("a") && close());
  box.parentElement.addEventListener("keydown", (event) => {
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      (links[Math.min(at + steps[event.key], links.length - 1)] ?? field).focus();
    }
  });
  ask();
}
