// Narrows the page to the errors that hold some words or have a voice. Without it, everything is shown.
"use strict";
const sections = [...document.querySelectorAll("details")].map((details) => ({
  details,
  count: details.querySelector(".count"),
  articles: [...details.querySelectorAll("article")],
}));
const form = document.createElement("form");
form.innerHTML =
  '<input type="search" placeholder="Show only errors with these words, document or rule" aria-label="Words">' +
  '<select aria-label="Voice"><option value="">every voice</option><option>direct</option><option>mixed</option>' +
  "<option>indirect</option><option>writer</option></select>" +
  '<button type="button">open all</button>';
const [words, voice, button] = form.elements;
document.querySelector("main").before(form);

function narrow() {
  const wanted = words.value.trim().toLowerCase();
  for (const { details, count, articles } of sections) {
    let shown = 0;
    for (const article of articles) {
      const fits = !voice.value || article.dataset.voice === voice.value;
      article.hidden = !(fits && article.textContent.toLowerCase().includes(wanted));
      shown += !article.hidden;
    }
    const all = articles.length;
    count.textContent = shown === all ? all : `${shown} of ${all}`;
    details.hidden = !shown;
  }
}

let waiting;
form.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(narrow, 150);
});
form.addEventListener("submit", (event) => event.preventDefault());
button.addEventListener("click", () => {
  const open = button.textContent === "open all";
  for (const { details } of sections) details.open = open;
  button.textContent = open ? "close all" : "open all";
});
