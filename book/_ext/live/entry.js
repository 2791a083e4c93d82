// What the scripts in book/_static/live/ take from npm.
export { KernelManager, ServerConnection, SessionManager } from "@jupyterlab/services";
export { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
export { python, pythonLanguage } from "@codemirror/lang-python";
export { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
export { EditorState } from "@codemirror/state";
export { EditorView, keymap } from "@codemirror/view";
export { classHighlighter, highlightCode } from "@lezer/highlight";
