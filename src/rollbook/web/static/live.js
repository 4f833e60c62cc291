// Shows a part of a page anew every so many seconds, unless somebody is at it just now.
"use strict";

const live = document.getElementById("live");

async function again() {
  if (document.hidden || live.contains(document.activeElement)) return;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok || new URL(answer.url).pathname !== location.pathname) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    live.replaceChildren(...page.getElementById("live").childNodes);
  } catch {
    // no connection: the time at the end tells how old this is
  }
}

setInterval(again, 1000 * live.dataset.live);
