// The page's cells, editable, run in the page's order.
import {
  EditorState, EditorView, bracketMatching, classHighlighter, defaultKeymap, history, historyKeymap,
  indentOnInput, indentUnit, keymap, python, syntaxHighlighting,
} from "./libraries.min.js";
import { Failure } from "./connection.js";
import { Outputs } from "./outputs.js";

// `cells` are all of the page's: those that the page does not show have no place in it, and run too.
export class Cells {
  constructor(cells, article, run) {
    const boxes = [...article.querySelectorAll(".cell:has(.cell_input)")];
    const shown = cells.filter(({ hidden }) => !hidden);
    if (shown.length !== boxes.length) {
      throw new Failure("This page is older than its cells. Reload it, and press “Run here” again.");
    }
    let next = 0;
    this.all = cells.map(({ source, hidden }, i) => {
      return hidden ? new HiddenCell(source) : new Cell(source, boxes[next++], next, () => run(i));
    });
    this.queue = Promise.resolve();
    this.last = -1; // the last one that was run
  }

  get length() {
    return this.all.length;
  }

  forget() { // a new kernel knows nothing of what has been run
    for (const cell of this.all) cell.done = false;
  }

  // Cell `last`, after all before it that have not run as they now read. `say(cell)` tells what
  // runs; the answer is the cell that failed, if one did.
  runUpTo(last, kernel, say) {
    this.last = Math.max(this.last, last);
    const turn = this.queue.then(async () => {
      for (const [i, cell] of this.all.slice(0, last + 1).entries()) {
        if (cell.done && i !== last) continue;
        say(cell);
        if (!(await cell.run(kernel))) return cell;
      }
      return null;
    });
    this.queue = turn.catch(() => {});
    return turn;
  }
}

class HiddenCell {
  constructor(source) {
    this.source = source;
    this.name = "a preparation that the page does not show";
  }

  async run(kernel) {
    this.done = await kernel.run(this.source, (type, content) => this.note(type, content));
    return this.done;
  }

  note(type, { ename, evalue }) {
    if (type === "error") this.error = `${ename}: ${evalue}`;
  }
}

class Cell extends HiddenCell {
  constructor(source, box, number, run) {
    super(source);
    this.name = `cell ${number}`;
    this.outputs = new Outputs(box);
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "live-run";
    this.button.textContent = "Run";
    this.button.setAttribute("aria-label", `Run ${this.name}`);
    this.button.addEventListener("click", run);
    this.state = document.createElement("span");
    const row = document.createElement("div");
    row.className = "live-tools";
    row.append(this.button, this.state);
    box.classList.add("live");
    const input = box.querySelector(".cell_input");
    input.replaceChildren(this.editor(run).dom, row);
  }

  editor(run) {
    const keys = [{ key: "Shift-Enter", run: () => (run(), true) }];
    const changed = EditorView.updateListener.of(({ docChanged, state }) => {
      if (!docChanged) return;
      this.source = state.doc.toString();
      this.done = false;
      this.state.textContent = "changed, not yet run";
    });
    return new EditorView({
      state: EditorState.create({
        doc: this.source,
        extensions: [
          keymap.of([...keys, ...defaultKeymap, ...historyKeymap]), // Tab leaves the cell
          history(), python(), indentOnInput(), bracketMatching(), indentUnit.of("    "),
          syntaxHighlighting(classHighlighter), changed,
          EditorView.contentAttributes.of({ "aria-label": `Code of ${this.name}`, tabindex: "0" }),
        ],
      }),
    });
  }

  async run(kernel) {
    this.state.textContent = "running …";
    this.outputs.begin();
    const ran = this.source;
    try {
      const fine = await kernel.run(ran, (type, content) => {
        this.note(type, content);
        this.outputs.receive(type, content);
      });
      this.done = fine && ran === this.source; // it may have been changed meanwhile
      this.outputs.end();
      if (ran === this.source) this.state.textContent = fine ? "has run" : "stopped at an error";
      return fine;
    } catch (error) {
      this.state.textContent = "did not end";
      throw error;
    }
  }
}
