/* The sample shop's own script: it tells the chat who is looking, as the shop's server has signed it. */
(function () {
  'use strict';
  const signed = document.getElementById('identity');
  (window.onethread = window.onethread || []).push(['identify', { ...signed.dataset }]);
  document.addEventListener('click', e => {                  // pressed before the chat is there: it opens when it comes
    if (Array.isArray(window.onethread) && e.target.closest('[data-onethread-open]')) window.onethread.push(['open']);
  });
})();
