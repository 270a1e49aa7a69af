// Every page: messages that leave by themselves, menus that close, copy buttons, filters that send themselves,
// the overlay slider. Nothing here is needed to use a page.
(function () {
  "use strict";

  const DEFAULT_SECONDS = 10;
  const SENT_SECONDS = 5;

  function leaveInTime(notice) {
    const close = notice.querySelector("[data-notice-close]");
    const bar = notice.querySelector(".notice-time");
    const total = Number(notice.dataset.seconds || DEFAULT_SECONDS) * 1000;
    const stays = notice.classList.contains("notice-danger") || notice.classList.contains("notice-waiting");
    let left = total;
    let resting = false;
    if (close) {
      close.hidden = false;
      close.addEventListener("click", () => notice.remove());
    }
    if (stays) return;
    if (bar) bar.hidden = false;
    for (const name of ["mouseenter", "focusin"]) notice.addEventListener(name, () => { resting = true; });
    for (const name of ["mouseleave", "focusout"]) notice.addEventListener(name, () => { resting = false; });
    const timer = window.setInterval(() => {
      if (resting || document.hidden) return;
      left -= 200;
      if (bar) bar.value = (100 * left) / total;
      if (left <= 0) {
        window.clearInterval(timer);
        notice.remove();
      }
    }, 200);
  }

  function closeMenus(except) {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (menu !== except) menu.open = false;
    }
  }

  function copy(button) {
    const words = button.querySelector("span");
    const before = words.textContent;
    navigator.clipboard.writeText(button.dataset.copy).then(
      () => { words.textContent = button.dataset.copied; },
      () => { words.textContent = button.dataset.notCopied; },
    ).then(() => window.setTimeout(() => { words.textContent = before; }, 2000));
  }

  function slide(stage) {
    const label = stage.querySelector(".overlay-range");
    const yours = stage.querySelector(".yours");
    if (!label || !yours) return;
    label.hidden = false;
    label.querySelector("input").addEventListener("input", (event) => {
      yours.style.setProperty("opacity", String(event.target.value / 100));
    });
  }

  document.querySelectorAll("[data-notice]").forEach(leaveInTime);
  document.querySelectorAll("[data-overlay]").forEach(slide);
  if (navigator.clipboard) {
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", () => copy(button));
    }
  }
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
  // A page that is shown only once: its way on opens when the reader says so.
  for (const box of document.querySelectorAll("[data-opens]")) {
    const way = document.getElementById(box.dataset.opens);
    const turn = () => { way.hidden = !box.checked; };
    box.closest("[hidden]").hidden = false;
    box.addEventListener("change", turn);
    turn();
  }
  document.addEventListener("keydown", (event) => {
    const search = document.querySelector("[data-search]");
    const writing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || writing || !search || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
  for (const form of document.querySelectorAll("form[data-autosubmit]")) {
    form.addEventListener("change", () => form.requestSubmit());
    for (const button of form.querySelectorAll("[data-only-without-scripts]")) button.hidden = true;
  }
  for (const form of document.querySelectorAll('form[method="post"]')) {
    // A second click on a slow line must not send the form twice.
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
      window.setTimeout(() => { delete form.dataset.sent; }, SENT_SECONDS * 1000);
    });
  }
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details[data-menu]")));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenus(null);
  });
  const errors = document.getElementById("errors");
  if (errors) errors.focus();
})();
