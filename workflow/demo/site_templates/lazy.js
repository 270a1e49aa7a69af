document.querySelectorAll(".lazy").forEach(function (element) {
  if (element.dataset.src) { element.src = element.dataset.src; }
  if (element.dataset.srcset) { element.srcset = element.dataset.srcset; element.sizes = "560px"; }
  if (element.dataset.bg) { element.style.backgroundImage = "url('" + element.dataset.bg + "')"; }
});
