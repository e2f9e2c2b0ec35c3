// A form that waited for its sender to prove who they are goes on by itself.
(() => {
  "use strict";

  const waiting = document.querySelector("form[data-go-on]");
  if (waiting) waiting.requestSubmit();
})();
