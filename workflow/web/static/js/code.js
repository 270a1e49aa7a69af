// The secret code travels behind the # of the address in a letter, so that no server log ever holds it:
// #c=XXXXX-XXXXX-XXXXX-XXXXX, or the bare code. It is put into the field and taken out of the address.
(function () {
  "use strict";

  const field = document.querySelector("[data-code-from-hash]");
  const hash = decodeURIComponent(window.location.hash.replace(/^#/, "")).replace(/^c(ode)?=/, "");
  if (!field || !/^[0-9A-Za-z-]{16,40}$/.test(hash)) return;
  field.value = hash;
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
})();
