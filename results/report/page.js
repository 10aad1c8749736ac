"use strict";
// The browser of samples. Everything is put into the page as text, never as
// markup: what a model or a data set wrote can't become part of it.
for (const root of document.querySelectorAll("[data-browser]")) {
  const id = root.dataset.browser;
  const islands = [...root.querySelectorAll("script[data-entries]")];
  const runs = JSON.parse(root.querySelector("script[data-runs]").textContent);
  const list = root.querySelector(".entries");
  const tools = root.querySelector(".tools");
  const size = 20;
  let all = null, shown = [], at = 0;

  const make = (tag, name, text) => {
    const e = document.createElement(tag);
    if (name) e.className = name;
    if (text !== undefined) e.textContent = text;
    return e;
  };
  const load = () => all || (all = islands.flatMap(s => JSON.parse(s.textContent)));
  const right = a => a.ok && a.score !== null && a.score >= 50;
  const wants = {
    "": () => true,
    wrong: e => e.answers.some(a => !right(a)),
    right: e => e.answers.every(right),
    apart: e => new Set(e.answers.map(a => a.score)).size > 1,
    invalid: e => e.answers.some(a => !a.ok),
  };
  const score = a => a.score === null ? "no score" : a.score.toFixed(1) + " %";
  const value = name => tools.querySelector(`[data-filter="${name}"]`).value;

  function section(into, title, text, open) {
    if (!text) return;
    into.append(make("h4", "", title));
    const q = make("pre", "quote", text);
    q.dir = "auto";
    into.append(q);
  }

  function context(into, e) {
    if (e.note) into.append(make("p", "hint", e.note));
    if (!e.context) return;
    into.append(make("h4", "", "Context, evidence marked"));
    const q = make("pre", "quote");
    q.dir = "auto";
    for (const p of e.context) {
      if (p.g) q.append(make("span", "gap", ` [… ${p.g.toLocaleString("en")} characters left out …] `));
      else q.append(p.e ? make("mark", "", p.t) : document.createTextNode(p.t));
    }
    into.append(q);
  }

  function fill(box, e) {
    if (e.beside) box.append(make("p", "hint", "Evidence: " + e.beside));
    context(box, e);
    section(box, "Question, as it stands behind the context", e.question);
    const beside = make("div", "beside");
    const refs = make("div");
    section(refs, e.references.length === 1 ? "Reference" : "References", e.references.join("\n") || "(none)");
    beside.append(refs);
    for (const a of e.answers) {
      const d = make("div");
      section(d, `${runs[a.run]}: ${score(a)}${a.ok ? "" : ", " + a.status}`, a.text || "(empty)");
      section(d, "Taken from it", a.taken);
      section(d, "Error", a.error);
      beside.append(d);
    }
    box.append(beside);
  }

  function item(e) {
    const d = make("details", "entry"), s = make("summary");
    s.append(make("span", "id", e.id), make("small", "", [e.task, e.length, e.depth && "depth " + e.depth, e.axes].filter(Boolean).join(" · ")));
    for (const a of e.answers) {
      const v = make("span", "verdict");
      v.append(make("span", "key s" + a.run % 7), (right(a) ? "✓ " : "✗ ") + score(a) + (a.ok ? "" : " · " + a.status));
      v.title = runs[a.run];
      s.append(v);
    }
    d.append(s);
    d.addEventListener("toggle", () => {
      if (!d.open || d.children.length > 1) return;
      const box = make("div", "in");
      fill(box, e);
      d.append(box);
    });
    return d;
  }

  function draw() {
    const pages = Math.max(1, Math.ceil(shown.length / size));
    at = Math.min(Math.max(at, 0), pages - 1);
    list.replaceChildren(...shown.slice(at * size, (at + 1) * size).map(item));
    tools.querySelector("output").textContent = shown.length ? `${at * size + 1}–${Math.min(shown.length, (at + 1) * size)} of ${shown.length}` : "none";
    tools.querySelector('[data-go="-1"]').disabled = at === 0;
    tools.querySelector('[data-go="1"]').disabled = at === pages - 1;
  }

  function filter() {
    const task = value("task"), want = wants[value("what")], text = value("text").toLowerCase();
    const has = e => [e.id, e.question, ...e.references, ...e.answers.map(a => a.text)].some(t => t.toLowerCase().includes(text));
    shown = load().filter(e => (!task || e.task === task) && want(e) && (!text || has(e)));
    at = 0;
    draw();
  }

  tools.hidden = false;
  for (const f of tools.querySelectorAll("[data-filter]")) f.addEventListener("input", filter);
  for (const b of tools.querySelectorAll("[data-go]")) b.addEventListener("click", () => { at += Number(b.dataset.go); draw(); });
  filter();
}
