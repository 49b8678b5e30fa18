// Equations, and no search box where a browser cannot fetch the index: in pages opened as files.
// SPDX-License-Identifier: Apache-2.0
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  if (window.katex)
    for (const element of document.querySelectorAll(".math"))
      katex.render(element.textContent, element, {displayMode: element.tagName === "DIV", throwOnError: false});
  if (location.protocol === "file:")
    for (const search of document.querySelectorAll(".md-search, label[for='__search'], #mkdocs_search_modal")) search.remove();
});
