/* Changing the view in place: a link of the navigation, a tab or a key takes the list, and what stood beside it, from the page
   that the link leads to. Loaded after lists.js and live.js.

   The old rows stay until the new ones are there; after 200 ms lines stand for them, and where nothing comes the old ones are
   back under a bar that says so. Without a list on this page, or with a key held, the browser follows the link as always. */
(function () {
  'use strict';
  const desk = window.desk, SLOW = 200, LINES = 7, byId = id => document.getElementById(id);
  const LINKS = '.nav a[href^="/inbox/"], .tabbar a[href^="/inbox/"], #list .seg a';
  let call = null;

  function pointTo(address) {
    const now = new URL(address, location.href), tab = now.pathname === '/inbox/mentions' ? now.pathname : '/inbox/mine';
    document.querySelectorAll('.nav a.nv, .tabbar a').forEach(link => {
      const path = link.closest('.tabbar') ? tab : now.pathname;
      if (link.pathname === path && (!link.search || link.search === now.search)) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
    });
  }

  function lines(rows) {                                   // the shape of rows, until there are some
    const box = Object.assign(document.createElement('ul'), { className: 'rows', ariaHidden: 'true' });
    for (let n = 0; n < LINES; n++) {
      const line = box.appendChild(document.createElement('li')).appendChild(Object.assign(document.createElement('div'), { className: 'row' }));
      line.innerHTML = '<i class="sk"></i><div><i class="sk"></i><i class="sk"></i><i class="sk"></i></div>';
    }
    rows.hidden = true;
    rows.after(box);
    return () => { box.remove(); rows.hidden = false; };
  }

  function failed(link) {
    const bar = Object.assign(document.createElement('div'), { id: 'view-failed', className: 'bar bar--warn' }), words = document.createElement('span');
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'btn', textContent: desk.words('Try again'), onclick: () => change(link) });
    bar.setAttribute('role', 'alert');
    words.textContent = desk.words('Couldn’t load this view.');
    bar.append(words, button);
    byId('rows').before(bar);
  }

  async function change(link) {
    const was = location.href, title = byId('list-title'), kept = byId('list').dataset, word = link.matches('.nv') && link.querySelector('span');
    let back = () => {};
    if (call) call.abort();
    const mine = call = new AbortController();
    const slow = setTimeout(() => { back = lines(byId('rows')); }, SLOW);
    byId('view-failed')?.remove();
    byId('rows').inert = true;                             // a key that is pressed too soon means none of the rows that go
    pointTo(link.href);
    kept.title ||= title.textContent;                      // of the rows that stand there, however often others are asked for
    if (word) title.textContent = word.textContent;
    try {
      const answer = await fetch(link.href, { headers: { Accept: 'text/html' }, signal: mine.signal });
      if (answer.redirected) { location.assign(link.href); return; }
      if (!answer.ok) throw new Error(answer.status);
      put(new DOMParser().parseFromString(await answer.text(), 'text/html'), link);
    } catch (error) {
      if (error.name === 'AbortError') return;
      pointTo(was);
      title.textContent = kept.title;
      byId('rows').inert = false;
      clearTimeout(slow); back();
      failed(link);
    } finally {
      clearTimeout(slow); back();
      if (call === mine) call = null;
    }
  }

  /* A view that was saved meanwhile, or a team that is new: where the places differ, all of them are drawn again. */
  function renew(nav, fresh) {
    const places = one => [...one.querySelectorAll('a.nv')].map(link => link.getAttribute('href') + link.querySelector('span').textContent).join();
    if (!nav || !fresh || places(nav) === places(fresh)) return;
    const hadFocus = nav.contains(document.activeElement);
    nav.replaceWith(fresh);
    if (hadFocus) fresh.querySelector('[aria-current]')?.focus();
  }

  function put(page, link) {
    const app = document.querySelector('.app'), hadFocus = byId('list').contains(document.activeElement) || byId('thread').contains(document.activeElement);
    document.dispatchEvent(new CustomEvent('desk:leave'));
    desk.lists.leave();
    ['list', 'thread', 'customer'].forEach(id => {
      const fresh = page.getElementById(id);
      byId(id).replaceWith(fresh);
      window.htmx.process(fresh);
    });
    document.querySelector('.skip').replaceWith(page.querySelector('.skip'));
    renew(document.querySelector('.nav'), page.querySelector('.nav'));
    Object.assign(app.dataset, { pane: 'list', panel: 'none' });
    document.title = page.title;
    history.replaceState({ htmx: true }, '');
    history.pushState({ htmx: true }, '', link.href);
    document.dispatchEvent(new CustomEvent('htmx:afterSettle'));      // what looks at new things then, looks at these
    byId('announce').textContent = byId('list-title').textContent;
    if (hadFocus) (byId('list').querySelector('.seg [aria-current]') || document.querySelector('.nav [aria-current]') || document.body).focus();
  }

  document.addEventListener('click', e => {
    const link = e.target.closest(LINKS), app = document.querySelector('.app');
    if (!link || e.defaultPrevented || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
    if (!byId('rows') || !byId('thread') || !byId('customer') || app.dataset.pane === 'nav') return;
    e.preventDefault();
    change(link);
  });
})();
