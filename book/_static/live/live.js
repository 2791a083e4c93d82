// “Run here”: a panel that connects the page to a Python kernel, and runs its cells.
import { Cells } from "./cells.js";
import { Failure, Kernel, check, onBinder, serverAt } from "./connection.js";

const ADDRESS = "unrolled-server"; // in localStorage; the token is kept for this tab alone
const PANEL = `
  <p class="live-status" role="status" aria-live="polite"></p>
  <div class="live-buttons">
    <button type="button" data-do="regain">Reconnect and run again</button>
    <button type="button" data-do="runAll">Run all cells</button>
    <button type="button" data-do="stop">Stop</button>
    <button type="button" data-do="startOver">Start over</button>
  </div>
  <form class="live-choice">
    <button type="button" data-do="binder">Run on Binder</button>
    <span class="live-or">or on your own Jupyter server:</span>
    <label>Address <input name="address" type="text" inputmode="url" placeholder="http://localhost:8888/" required></label>
    <label>Token <input name="token" type="password" autocomplete="off"></label>
    <button type="submit">Connect</button>
    <details><summary>How do I start one?</summary>
      <p>In the folder of this book, or anywhere:
      <code>jupyter server --ServerApp.allow_origin='${location.origin}'</code>.
      Paste the address that it prints, with its token. While it runs, pages of
      ${location.host} can ask it to run code.</p></details>
  </form>
  <button type="button" class="live-close" data-do="close" aria-label="End running here">×</button>`;

let panel;

export async function start() {
  panel ??= await Panel.open();
  panel.focus();
}

class Panel {
  static async open() {
    const page = await (await fetch(location.pathname.replace(/(\.html)?$/, ".cells.json"))).json();
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("live.css", import.meta.url);
    document.head.append(style);
    await new Promise((done) => { style.onload = style.onerror = done; });
    return new Panel(page);
  }

  constructor(page) {
    this.page = page;
    this.box = document.createElement("section");
    this.box.className = "live-panel";
    this.box.tabIndex = -1;
    this.box.setAttribute("aria-label", "Run this page here");
    this.box.innerHTML = PANEL;
    document.querySelector("article").append(this.box);
    this.form = this.box.querySelector("form");
    this.form.address.value = recall(localStorage, ADDRESS);
    this.form.token.value = recall(sessionStorage, ADDRESS);
    this.box.addEventListener("click", ({ target }) => {
      const button = target.closest("[data-do]");
      if (button) this[button.dataset.do]();
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.own();
    });
    addEventListener("pagehide", () => this.kernel?.end());
    this.be("choosing", "Where shall the cells of this page run? Another host is asked only if you choose it here.");
  }

  focus() {
    this.box.focus({ preventScroll: true });
  }

  // `state` says which buttons there are: choosing, connecting, ready, running, lost
  be(state, words) {
    if (this.box.dataset.state !== state) this.box.dataset.state = state;
    this.box.querySelector(".live-status").textContent = words;
  }

  binder() {
    return this.connect(() => onBinder(this.page.binder, (words) => this.be("connecting", words)));
  }

  own() {
    const { address, token } = this.form;
    return this.connect(async () => {
      const server = serverAt(address.value.trim(), token.value.trim());
      await check(server);
      keep(localStorage, ADDRESS, server.url);
      keep(sessionStorage, ADDRESS, server.token);
      return server;
    });
  }

  // `find` gives the server; it is kept, to be asked again when the kernel is lost
  async connect(find, again = false) {
    this.find = find;
    this.be("connecting", "Connecting …");
    try {
      const server = await find();
      this.be("connecting", "Python is starting …");
      const kernel = await Kernel.start(server, this.page.notebook, {
        lost: (why) => this.be("lost", why),
        waiting: (down) => this.wait(down),
      });
      this.kernel = kernel;
      this.cells ??= new Cells(this.page.cells, document.querySelector("article"), (i) => this.run(i));
      this.cells.forget();
    } catch (error) {
      if (!(error instanceof Failure)) console.error(error);
      const words = error instanceof Failure ? error.message : `This went wrong: ${error.message}`;
      this.be(again ? "lost" : "choosing", words);
      return false;
    }
    this.be("ready", "Ready. Change a cell and press its Run, or Shift and Enter. What stands before it runs first.");
    this.focus();
    return true;
  }

  async regain() {
    const last = this.cells.last;
    if ((await this.connect(this.find, true)) && last >= 0) await this.run(last);
  }

  async startOver() {
    this.kernel.end();
    this.cells.last = -1;
    await this.connect(this.find, true);
  }

  async run(last) {
    const { kernel, cells } = this;
    if (kernel.ended) return;
    const mine = (this.latest = Symbol("the run that was asked for last"));
    const say = (cell) => this.be("running", `Running ${cell.name} …`);
    try {
      const failed = await cells.runUpTo(last, kernel, say);
      if (mine !== this.latest && !failed) return;
      const words = failed ? `Stopped in ${failed.name}. ${failed.error ?? ""}` : "Ready. All that you asked for has run.";
      this.be("ready", words);
    } catch (error) {
      if (!kernel.ended) this.be("ready", `This went wrong: ${error.message}`); // else it says so itself
    }
  }

  runAll() {
    return this.run(this.cells.length - 1);
  }

  stop() {
    return this.kernel.interrupt();
  }

  wait(down) {
    if (down) this.before = [this.box.dataset.state, this.box.querySelector(".live-status").textContent];
    if (down) this.be("waiting", "The connection is down. Trying again …");
    else if (this.before) this.be(...this.before);
  }

  close() {
    this.kernel?.end();
    if (this.cells) location.reload(); // the page as the book has it
    this.box.remove();
    panel = undefined;
  }
}

function recall(store, key) {
  try {
    return store.getItem(key) ?? "";
  } catch {
    return "";
  }
}

function keep(store, key, value) {
  try {
    store.setItem(key, value);
  } catch {} // not allowed
}
