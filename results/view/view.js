"use strict";
// Pages are whole without this. It fetches again what changes while a run
// writes, and puts more of a context where it was left out. What comes is a page
// of our own server, parsed apart: scripts in it never run.
const parsed = html => new DOMParser().parseFromString(html, "text/html").body;

// renew makes the children of one element those of another, keeping every one
// that says the same: what has the focus or a tick stays.
function renew(old, fresh) {
  const had = new Map([...old.children].map(e => [e.dataset.key, e]));
  const next = [...fresh.children].map(e => {
    const was = had.get(e.dataset.key);
    if (!was || was.isEqualNode(e)) return was || e;
    if (e.hasAttribute("data-part")) {
      renew(was, e);
      return was;
    }
    return replaced(was, e);
  });
  if (next.length !== old.children.length || next.some((e, i) => e !== old.children[i])) old.replaceChildren(...next);
}

// replaced takes over whether a box was ticked, and gives the focus back.
function replaced(was, e) {
  if (e.matches("[role=status]")) { // it is read out where its words change, not where it comes anew
    was.replaceChildren(...e.childNodes);
    return was;
  }
  const box = was.querySelector("input:checked");
  if (box) e.querySelector("input").checked = true;
  const focusable = "a,input,button", focused = [...was.querySelectorAll(focusable)].indexOf(document.activeElement);
  if (focused >= 0) queueMicrotask(() => e.querySelectorAll(focusable)[focused]?.focus({preventScroll: true}));
  return e;
}

const polled = document.querySelector("[data-poll]");
async function poll() {
  if (document.visibilityState === "visible") {
    let answer = null;
    try {
      answer = await fetch(polled.dataset.poll);
    } catch { /* told below */ }
    for (const e of document.querySelectorAll(".offline")) e.hidden = answer !== null;
    if (answer?.ok) {
      for (const fresh of parsed(await answer.text()).querySelectorAll("[data-live]")) {
        const old = document.querySelector(`[data-live="${fresh.dataset.live}"]`);
        if (old) renew(old, fresh);
      }
    }
  }
  setTimeout(poll, 2000);
}
if (polled) setTimeout(poll, 2000);

document.addEventListener("click", async event => {
  const gap = event.target.closest("a.gap");
  if (!gap || event.ctrlKey || event.metaKey || event.shiftKey || !gap.closest(".quote")) return;
  event.preventDefault();
  let answer = null;
  try {
    answer = await fetch(gap.dataset.more);
  } catch { /* the page of its own says what is wrong */ }
  if (!answer?.ok) {
    location.href = gap.href;
    return;
  }
  const nodes = [...parsed(await answer.text()).firstElementChild.childNodes];
  const following = nodes.find(n => n.className === "gap");
  gap.replaceWith(...nodes);
  following?.focus({preventScroll: true});
});
