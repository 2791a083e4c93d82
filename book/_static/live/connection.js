// The way to a kernel: on Binder, or on a Jupyter server that the reader names.
import { KernelManager, ServerConnection, SessionManager } from "./libraries.min.js";

const KEPT = "unrolled-binder"; // in localStorage: other pages use the same server of Binder's
const LONGEST = 60_000; // milliseconds until a kernel that was started answers

export class Failure extends Error {} // its message is for the reader

// Address and token from what a reader types or pastes; the address may have the token in it.
export function serverAt(typed, token) {
  let url;
  try {
    url = new URL(/^https?:\/\//.test(typed) ? typed : `http://${typed}`);
    if (/\s/.test(typed)) throw new TypeError("an address has no spaces");
  } catch {
    throw new Failure(`“${typed}” is no address. A server's looks like http://localhost:8888/.`);
  }
  const path = url.pathname.replace(/\/(lab|tree|notebooks)(\/.*)?$/, "/").replace(/\/*$/, "/");
  return { url: url.origin + path, token: token || url.searchParams.get("token") || "" };
}

export async function check({ url, token }) {
  try {
    const answer = await fetch(`${url}api`, { cache: "no-store" }); // needs no token
    if (!(await answer.json()).version) throw new Error("no Jupyter server");
  } catch {
    throw new Failure(
      `No Jupyter server answers this page at ${url}. Does it run, and was it started with `
      + `--ServerApp.allow_origin='${location.origin}'?`,
    );
  }
  const headers = { Authorization: `token ${token}` };
  const answer = await fetch(`${url}api/status`, { headers, cache: "no-store" }).catch(() => {});
  if (!answer?.ok) throw new Failure(`The server at ${url} does not accept this token.`);
}

export async function onBinder(build, say) {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT));
    await check(kept);
    return kept;
  } catch {} // none, or it is gone
  const server = await launched(build, say);
  try {
    localStorage.setItem(KEPT, JSON.stringify(server));
  } catch {} // not allowed
  return server;
}

function launched(build, say) {
  const events = new EventSource(build);
  return new Promise((resolve, reject) => {
    events.onmessage = ({ data }) => {
      const { phase, message, url, token } = JSON.parse(data);
      if (phase === "ready") resolve({ url, token });
      else if (phase === "failed") reject(new Failure(`Binder could not start: ${message}`));
      else say(`Binder is starting a server, which can take some minutes (${phase}) …`);
    };
    events.onerror = () => reject(new Failure(`Binder does not answer at ${new URL(build).origin}.`));
  }).finally(() => events.close());
}

// A kernel of its own for this page, in the folder of the page's notebook where the server has it.
// `lost(why)` is called once, when it is gone; `waiting(true or false)` when the line is down or back.
export class Kernel {
  static async start(server, notebook, { lost, waiting }) {
    const made = new Kernel();
    made.server = server;
    const serverSettings = ServerConnection.makeSettings({
      baseUrl: server.url,
      wsUrl: server.url.replace(/^http/, "ws"),
      token: server.token,
      appendToken: true,
    });
    made.kernels = new KernelManager({ serverSettings });
    made.sessions = new SessionManager({ kernelManager: made.kernels, serverSettings });
    made.gone = new Promise((_, reject) => { made.lose = reject; });
    made.gone.catch(() => {});
    try {
      await made.open(`${notebook}-${Math.random().toString(36).slice(2)}`);
    } catch (error) {
      made.end();
      if (error instanceof Failure) throw error;
      throw new Failure(`The server at ${server.url} starts no Python: ${error.message}`);
    }
    made.watch(lost, waiting);
    return made;
  }

  async open(path) { // where two pages name the same path, the server gives them the same kernel
    const wanted = { path, name: path, type: "notebook", kernel: { name: "python3" } };
    this.session = await this.sessions.startNew(wanted);
    await Promise.race([
      this.session.kernel.info,
      new Promise((_, reject) => {
        setTimeout(() => reject(new Failure("Python was started and does not answer.")), LONGEST);
      }),
    ]);
  }

  watch(lost, waiting) {
    const lose = (why) => {
      if (this.ended) return;
      this.end();
      this.lose(new Failure(why));
      lost(why);
    };
    this.session.statusChanged.connect((_, status) => {
      if (["dead", "restarting", "autorestarting"].includes(status)) {
        lose("Python has ended, and what it had computed is lost.");
      }
    });
    this.session.connectionStatusChanged.connect((_, status) => {
      if (this.ended) return;
      if (status === "disconnected") lose("The connection to the server is lost.");
      else waiting(status === "connecting");
    });
  }

  // Runs code and hands on what comes of it; whether it ran without an error.
  async run(code, receive) {
    const future = this.session.kernel.requestExecute({ code, allow_stdin: false });
    future.onIOPub = ({ header, content }) => receive(header.msg_type, content);
    const reply = await Promise.race([future.done, this.gone]);
    return reply.content.status === "ok";
  }

  interrupt() {
    return this.session.kernel.interrupt();
  }

  // The page goes, or needs this kernel no more: the server may forget it.
  end() {
    if (this.ended) return;
    this.ended = true;
    if (this.session) {
      const { url, token } = this.server;
      const options = { method: "DELETE", keepalive: true, headers: { Authorization: `token ${token}` } };
      fetch(`${url}api/sessions/${this.session.id}`, options).catch(() => {});
      this.session.dispose();
    }
    this.sessions.dispose();
    this.kernels.dispose();
  }
}
