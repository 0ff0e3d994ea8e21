/* The live preview of a chat: plays the page that the panel stands in (widget.js says what they tell each other). The panel shows itself
   and opens no connection before somebody writes; what is written is a message like any other.

   details[open] > iframe#preview[data-panel=URL of the panel][data-page=URL that stands for the site's]; the panel's own button for closing shuts the details */
(function () {
  'use strict';
  const frame = document.getElementById('preview');
  if (!frame) return;
  const nonce = crypto.getRandomValues(new Uint32Array(4)).join(), { panel, page } = frame.dataset, { theme } = document.documentElement.dataset;
  frame.onload = () => frame.contentWindow.postMessage({ onethread: 'hello', nonce, page, theme, keeps: true }, location.origin);
  addEventListener('message', ({ data, source }) => { if (source === frame.contentWindow && data.nonce === nonce && data.t === 'close') frame.closest('details').open = false; });
  frame.src = panel;
})();
