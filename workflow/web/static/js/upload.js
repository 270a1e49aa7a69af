// Sends photographs one by one with their own progress. Without this file the form sends them all at once.
// <form data-upload data-most="1000"> holds a [data-drop] with the file field and a [data-file-rows] list.
// Each file is a POST of the form's fields and that one file; the answer is JSON:
// {"files": [{"name", "kind": "done|waiting|danger|neutral", "word", "remedy", "href"}]}
(function () {
  "use strict";

  const form = document.querySelector("form[data-upload]");
  if (!form) return;
  const field = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const list = form.querySelector("[data-file-rows]");
  const most = Number(form.dataset.most || 1000);
  const SIGNS = { done: "check-circle", waiting: "clock", danger: "exclamation-triangle", neutral: "info-circle" };
  const sprite = document.querySelector("svg.icon use").getAttribute("href").split("#")[0];
  const waiting = [];
  let running = 0;

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  function sign(name) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(space, "use");
    use.setAttribute("href", `${sprite}#${name}`);
    svg.append(use);
    return svg;
  }

  function chip(kind, word) {
    const made = element("span", `chip chip-${kind}`);
    made.append(sign(SIGNS[kind] || "info-circle"), word);
    return made;
  }

  function row(file) {
    const item = element("li", "file-row");
    const blank = element("span", "file-blank");
    blank.append(sign("image"));
    const text = element("span", "file-text");
    const bar = element("progress");
    bar.max = 100;
    bar.value = 0;
    bar.setAttribute("aria-label", `${file.name}: being sent`);
    text.append(element("span", "file-name", file.name), bar);
    const state = element("span");
    state.append(chip("neutral", "Waits"));
    item.append(blank, text, state);
    list.append(item);
    return { text, bar, state };
  }

  function say(place, kind, word, remedy, href) {
    place.bar.remove();
    place.state.replaceChildren(chip(kind, word));
    if (remedy) place.text.append(element("span", "file-meta", remedy));
    if (href) {
      const link = element("a", "", place.text.firstChild.textContent);
      link.href = href;
      place.text.firstChild.replaceChildren(link);
    }
  }

  function answered(request, place) {
    let told = null;
    try {
      told = JSON.parse(request.responseText);
    } catch {
      told = null; // an error page, not JSON: the sentence below is shown instead
    }
    if (told && told.files && told.files.length) {
      const file = told.files[0];
      say(place, file.kind, file.word, file.remedy, file.href);
    } else if (told && told.reasons) {
      say(place, "danger", "Not accepted", told.reasons.join(" "));
    } else {
      say(place, "danger", "Not accepted", "The server gave no answer we can read. Please send this file again.");
    }
  }

  function send({ file, place }) {
    const body = new FormData(form);
    body.delete(field.name);
    body.append(field.name, file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) place.bar.value = (100 * event.loaded) / event.total;
    });
    place.state.replaceChildren(chip("waiting", "Sending"));
    request.addEventListener("load", () => answered(request, place));
    request.addEventListener("error", () => {
      say(place, "danger", "Not sent", "The connection broke off. Please send this file again.");
    });
    request.addEventListener("loadend", () => {
      running -= 1;
      work();
    });
    request.send(body);
  }

  function work() {
    while (running < 2 && waiting.length) {
      running += 1;
      send(waiting.shift());
    }
    if (!running && !waiting.length) form.dispatchEvent(new CustomEvent("upload:done", { bubbles: true }));
  }

  function take(files) {
    for (const [index, file] of Array.from(files).entries()) {
      const place = row(file);
      if (index >= most) say(place, "danger", "Too many", `At most ${most} at once. Please send the others afterwards.`);
      else waiting.push({ file, place });
    }
    field.value = "";
    work();
  }

  form.addEventListener("submit", (event) => {
    if (!field.files.length) return;
    event.preventDefault();
    take(field.files);
  });
  field.addEventListener("change", () => take(field.files));
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("is-over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    drop.addEventListener(name, () => drop.classList.remove("is-over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  for (const button of form.querySelectorAll("[data-only-without-scripts]")) button.hidden = true;
})();
