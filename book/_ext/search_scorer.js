// For Sphinx's own search, with which a book is searched that is opened without a server: lists of
// what stands elsewhere come last, and of equal scores the earlier chapter first. Without this,
// "15." would come before "5.", as text does.
var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
  score: ([docname, title, , , score]) => {
    const [, chapter = 99, section = 0] = title.match(/^(\d+)\.(?:(\d+)\.)?/) ?? [];
    const list = /reference\/(?!notation|conventions|keras)/.test(docname);
    return score * (list ? 0.1 : 1) - (100 * chapter + 1 * section) / 1e5;
  },
};
