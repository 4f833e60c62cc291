// The sheet, made quick: one key a student, "all present", and marks that outlive the network.
// Without this script the sheet is a form that is filled in and sent.
"use strict";

const KEPT = "rollbook sheet "; // in the storage of this browser, followed by whose sheet of which day
const RETRY = 5000; // milliseconds

const main = document.getElementById("main");
let form, key, keys, timer;
let unsaved = false; // whether something is marked that is neither saved nor kept

function begin() {
  form = document.getElementById("sheet");
  if (!form) return;
  key = KEPT + form.dataset.sheet;
  keys = new Map(form.dataset.keys.match(/.\d/gu).map((pair) => [pair.slice(0, -1), pair.at(-1)]));
  form.addEventListener("submit", submit);
  form.addEventListener("input", (event) => {
    if (event.target.type !== "text") takeAlong(event.target.closest("[data-student]"));
    changed();
  });
  form.addEventListener("keydown", pressed);
  const all = form.querySelector("[data-all-present]");
  all.hidden = false;
  all.addEventListener("click", allPresent);
  // What follows from these is done here, seen by whoever chooses: it is not for the server to do again.
  for (const own of form.querySelectorAll("[name^=own-]")) own.disabled = true;
  count();
  const kept = localStorage.getItem(key);
  if (kept) {
    fill(kept);
    send(kept);
  }
}

// ---- filling it in

function students() {
  return [...form.querySelectorAll("[data-student]")];
}

function chosen(student) {
  return student.querySelector("input[type=radio]:checked");
}

function choose(student, status) {
  const radio = student.querySelector(`input[type=radio][value="${status}"]`);
  radio.checked = true;
  takeAlong(student);
  changed();
}

function takeAlong(student) {
  // In a conflict the other's status brings the other's comment, and any other one brings back one's own;
  // of two who chose the same status, the comment is chosen.
  const field = (name) => form.elements[`${name}-${student.dataset.student}`];
  const box = field("theirs");
  if (!field("own-status")) return;
  const isTheirs = box ? box.checked : chosen(student).value === field("seen-status").value;
  const both = [field("own-comment"), field("seen-comment")];
  const [from, to] = isTheirs ? both : both.reverse();
  const comment = field("comment");
  if (comment.value !== from.value.replace(/[\r\n]/g, "")) return; // it was written anew
  comment.value = to.value;
  if (comment.value) comment.closest("details").open = true;
}

function allPresent() {
  // An excuse was given by somebody who knew more than an empty chair tells.
  for (const student of students()) {
    if (chosen(student).value !== "4") choose(student, "1");
  }
}

function changed() {
  unsaved = true;
  count();
  say(form.dataset.unsaved);
}

function count() {
  const values = students().map((student) => chosen(student).value);
  for (const output of form.querySelectorAll("[data-sum]")) {
    output.value = values.filter((value) => value === output.dataset.sum).length;
  }
}

function pressed(event) {
  const student = event.target.closest("[data-student]");
  if (!student || event.target.type !== "radio" || event.ctrlKey || event.metaKey || event.altKey) return;
  const status = keys.get(event.key.toLowerCase());
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (status) {
    choose(student, status);
    focus(student, 1);
  } else if (step) {
    focus(student, step);
  } else return;
  event.preventDefault();
}

function focus(student, step) {
  const all = students();
  const next = all[all.indexOf(student) + step];
  (next ? chosen(next) : step > 0 ? form.querySelector(".go") : chosen(student)).focus();
}

// ---- saving it

function submit(event) {
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  body.delete("token"); // it is of this visit, and the marks may be sent in another one
  localStorage.setItem(key, body);
  unsaved = false;
  send(body.toString());
}

async function send(kept) {
  clearTimeout(timer);
  say(form.dataset.saving);
  const body = new URLSearchParams(kept);
  body.set("token", form.elements.token.value);
  let answer, text;
  try {
    answer = await fetch(form.action, { method: "POST", body });
    text = await answer.text();
  } catch {
    answer = null;
  }
  if (!answer || answer.status >= 500) {
    say(form.dataset.kept, "warn");
    timer = setTimeout(() => send(localStorage.getItem(key) ?? kept), RETRY);
    return;
  }
  if (new URL(answer.url).pathname === "/login") {
    say(form.dataset.again, "warn");
    unsaved = false; // the marks are kept, and who left later ones was told to log in
    location.href = "/login?next=" + encodeURIComponent(location.pathname);
    return;
  }
  if (answer.status === 403 && (await isOfAnotherVisit())) return send(kept);
  localStorage.removeItem(key);
  show(text, kept, answer.ok);
}

async function isOfAnotherVisit() {
  // Whoever logged in again in another tab goes on here with what that visit's forms send back.
  const page = parsed(await fetch(location.href).then((answer) => answer.text(), () => ""));
  const token = page.querySelector("#sheet [name=token]")?.value;
  const another = Boolean(token) && token !== form.elements.token.value;
  if (another) form.elements.token.value = token;
  return another;
}

function show(text, sent, done) {
  const page = parsed(text);
  const later = markedSince(sent);
  const at = main.contains(document.activeElement) && document.activeElement;
  main.replaceChildren(...page.getElementById("main").childNodes);
  document.title = page.title;
  unsaved = false;
  begin();
  if (form) {
    unsaved = !done;
    if (later.length) {
      fill(later);
      changed();
    }
  }
  const asked = main.querySelector(".conflict input:checked, .wrong input");
  if (asked) asked.focus();
  else if (at) again(at)?.focus({ preventScroll: true });
}

function parsed(text) {
  return new DOMParser().parseFromString(text, "text/html");
}

function markedSince(sent) {
  const then = new URLSearchParams(sent);
  const isMark = (name) => name.startsWith("status-") || name.startsWith("comment-");
  return [...new FormData(form)].filter(([name, value]) => isMark(name) && value !== then.get(name));
}

function again(element) {
  // What stands on a new page where an element stood on the one before.
  const found = document.getElementById(element.id) ?? form?.elements.namedItem(element.name ?? "");
  return found ?? main.querySelector(".go");
}

function fill(kept) {
  for (const [name, value] of new URLSearchParams(kept)) {
    const field = form.elements[name];
    if (!field) continue;
    field.value = value;
    if (value && name.startsWith("comment-")) field.closest("details").open = true;
  }
  count();
}

function say(text, kind = "plain") {
  const state = document.getElementById("state");
  if (state.textContent !== text) state.textContent = text; // or it would be read out at every key
  state.className = "notice " + kind;
}

addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});

addEventListener("online", () => {
  const kept = form && localStorage.getItem(key);
  if (kept) send(kept);
});

begin();
