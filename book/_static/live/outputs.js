// What a cell puts out, in the page's own dress, in the place of what the book has there.
import { classHighlighter, highlightCode, pythonLanguage } from "./libraries.min.js";

const COLOURS = /\x1b\[[\d;]*[A-Za-z]/g; // of a terminal
const FENCED = /^(`{3,})(\w*)\n([\s\S]*?)\n\1$/m;
const LINK = /\[([^\]]+)\]\((https:[^)\s]+)\)/;

export class Outputs {
  constructor(box) {
    this.box = box;
    this.area = box.querySelector(".cell_output");
    this.figure = this.area?.querySelector("figure"); // with its caption, which stays
    this.alt = this.area?.querySelector("img")?.alt ?? "";
  }

  begin() {
    this.fresh = true; // the old stays until something new comes, so that the page does not jump
    this.area?.setAttribute("aria-busy", "true");
  }

  end() {
    this.clear();
    this.area?.removeAttribute("aria-busy");
  }

  clear() {
    if (!this.fresh) return;
    this.fresh = false;
    this.stream = null;
    this.placed = false;
    this.area?.replaceChildren();
  }

  receive(type, content) {
    if (type === "stream") this.write(content.name, content.text);
    else if (type === "error") this.add(pre(content.traceback.join("\n").replace(COLOURS, ""), "traceback"));
    else if (type === "clear_output") this.fresh = true;
    else if (type === "display_data" || type === "execute_result") this.show(content.data);
  }

  write(name, text) {
    this.clear();
    if (this.stream?.name !== name) {
      this.add(pre("", `stream ${name === "stderr" ? "stderr " : ""}highlight-myst-ansi notranslate`));
      this.stream = { name, text: "", place: this.area.lastElementChild.querySelector("pre") };
    }
    const lines = (this.stream.text + text).replace(COLOURS, "").replace(/\r\n/g, "\n");
    this.stream.text = lines.replace(/^.*\r(?=.)/gm, ""); // a progress bar writes over itself
    this.stream.place.textContent = this.stream.text;
  }

  show(data) {
    if (data["image/svg+xml"]) {
      this.picture(`data:image/svg+xml,${encodeURIComponent(data["image/svg+xml"])}`);
    } else if (data["image/png"]) this.picture(`data:image/png;base64,${data["image/png"]}`);
    else if (data["text/html"]) this.add(html(data["text/html"]));
    else if (data["text/markdown"]) this.add(source(data["text/markdown"]));
    else if (data["text/plain"]) this.add(pre(data["text/plain"], "text_plain"));
  }

  picture(address) {
    const img = document.createElement("img");
    img.src = address;
    img.alt = this.alt ? `What came of your run. In the book: ${this.alt}` : "What came of your run";
    if (!this.figure || (this.placed && !this.fresh)) {
      this.add(img);
      return;
    }
    this.figure.replaceChildren(img, ...this.figure.querySelectorAll("figcaption"));
    this.add(this.figure);
    this.placed = true;
  }

  add(node) {
    this.clear();
    this.stream = null;
    if (!this.area) {
      this.area = document.createElement("div");
      this.area.className = "cell_output docutils container";
      this.box.append(this.area);
    }
    this.area.append(node);
  }
}

function pre(text, kind) {
  const box = document.createElement("div");
  box.className = `output ${kind}`;
  box.innerHTML = '<div class="highlight"><pre></pre></div>';
  box.querySelector("pre").textContent = text;
  return box;
}

function html(text) {
  const box = document.createElement("div");
  box.className = "output text_html";
  box.innerHTML = text;
  return box;
}

// The package's `show` puts out Markdown: a link to the source's place, and the source.
function source(markdown) {
  const box = document.createElement("div");
  box.className = "output text_markdown";
  const code = FENCED.exec(markdown);
  const words = document.createElement("p");
  const [before, label, address, after] = (code ? markdown.slice(0, code.index) : markdown).split(LINK);
  words.append(before);
  if (label) {
    const link = document.createElement("a");
    link.href = address;
    link.textContent = label;
    words.append(link, after);
  }
  box.append(words);
  if (code) box.append(coloured(code[3]));
  return box;
}

function coloured(code) {
  const box = pre("", "live-source");
  const place = box.querySelector("pre");
  const put = (text, classes) => {
    const span = document.createElement("span");
    span.className = classes;
    span.textContent = text;
    place.append(classes ? span : text);
  };
  highlightCode(code, pythonLanguage.parser.parse(code), classHighlighter, put, () => put("\n", ""));
  return box;
}
