/* Opening a conversation before it is asked for: where the pointer or the focus rests on a row of the list, its thread is
   fetched, and the click that follows finds it here. Loaded after htmx.

   One request at a time, after 80 ms of rest, none where the network is slow or its bytes are counted. What came is kept for
   one opening and some seconds, until an event names its case (desk:stale). Nothing is marked as read by it: that happens
   when a thread stands on the page. Pages stay out of the browser's cache. */
(function () {
  'use strict';
  const desk = window.desk, REST = 80, KEPT = 15e3, net = navigator.connection || {};
  let timer = 0, row = null, ahead = null;                  // ahead: {link, at, call, page}

  const forget = () => { if (ahead && !ahead.done) ahead.call.abort(); ahead = null; };
  const isFresh = link => Boolean(ahead) && ahead.link === link.href && Date.now() - ahead.at < KEPT;

  function fetchAhead(link) {
    if (!link.isConnected || link.hasAttribute('aria-current') || isFresh(link) || net.saveData || /2g/.test(net.effectiveType) || document.body.dataset.live !== 'on') return;
    forget();
    const call = new AbortController(), one = { link: link.href, at: Date.now(), call };
    const headers = desk.headers({ 'HX-Target': 'thread', 'HX-Current-URL': location.href });
    one.page = fetch(link.href, { headers, signal: call.signal }).then(answer => {
      if (!answer.ok || answer.redirected) throw new Error(answer.status);
      return answer.text();
    }).finally(() => { one.done = true; });
    one.page.catch(() => { if (ahead === one) ahead = null; });           // the click asks by itself, and says what is wrong
    ahead = one;
  }

  function rests(e) {
    const at = e.target.closest && e.target.closest('#rows a.row');
    if (at === row || e.pointerType === 'touch') return;
    clearTimeout(timer);
    row = at;
    if (at) timer = setTimeout(fetchAhead, REST, at);
  }

  /* htmx makes its request as always; the answer is put where the network's would be. */
  document.addEventListener('htmx:beforeSend', e => {
    const { xhr } = e.detail, link = e.target;
    if (!link.matches('#rows a.row')) return;
    clearTimeout(timer);
    if (!isFresh(link)) return;
    const { page } = ahead;
    let isGone = false;
    ahead = null;
    xhr.abort = () => { isGone = true; xhr.onabort(); };
    xhr.send = () => page.then(html => {
      if (isGone) return;
      Object.defineProperties(xhr, { status: { value: 200 }, response: { value: html }, responseText: { value: html } });
      xhr.onload();
    }, () => { delete xhr.abort; delete xhr.send; if (!isGone) xhr.send(); });
  });

  ['pointerover', 'focusin'].forEach(name => document.addEventListener(name, rests, { passive: true }));
  document.addEventListener('desk:stale', e => { if (ahead && e.detail.some(number => new URL(ahead.link).searchParams.get('case') === number)) forget(); });
  document.addEventListener('desk:live', e => { if (!e.detail) forget(); });
})();
