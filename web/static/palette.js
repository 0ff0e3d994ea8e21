/* The palette: Ctrl+K (or Cmd+K) reaches everything. Loaded after app.js.

   dialog#palette[data-url] > input[role=combobox] + #palette-list[role=listbox] > [role=group][aria-label] > [role=option].
   Its rows are what the page offers, every [data-key] with its name and its key, and what the server finds (JSON {items:
   [{group, icon, title, hint, url, post?}]} at data-url?q=&c=CASE; what has post is posted with it), with saved replies where there is a composer. An empty box shows what was used last, then everything. What is typed is
   marked in the names. Up, Down, Enter, Esc; the rest is typed. [data-palette] opens it. */
(function () {
  'use strict';
  const desk = (window.desk = window.desk || {});
  const USED = 'onethread.palette', MOST = 20, PAUSE = 120;
  const box = document.getElementById('palette');
  if (!box) return;
  const field = box.querySelector('input'), list = document.getElementById('palette-list');
  let shown = [], at = 0, found = [], asked = '', timer = 0, asking;

  const used = () => { try { return JSON.parse(localStorage.getItem(USED)) || []; } catch (_) { return []; } };
  function remember(title) {
    try { localStorage.setItem(USED, JSON.stringify([title, ...used().filter(one => one !== title)].slice(0, 5))); } catch (_) { return; }
  }

  function nameOf(el) {
    if (el.matches('.pick')) return el.title.replace(/ \([^)]*\)$/, '');
    if (el.type === 'radio') return el.labels[0].textContent.trim();
    if (el.getAttribute('aria-label')) return el.getAttribute('aria-label');
    if (el.matches('input, textarea')) return el.placeholder || '';
    const words = el.cloneNode(true);
    words.querySelectorAll('kbd, small, b, .vh, svg').forEach(one => one.remove());
    return words.textContent.replace(/\s+/g, ' ').trim();
  }

  function offered() {
    const seen = new Set();
    return [...document.querySelectorAll('[data-key]')].flatMap(el => {
      const title = nameOf(el);
      if (!title || seen.has(title) || el.closest('[hidden], dialog, .toast, .only-s, #own, .star') || el.disabled) return [];
      seen.add(title);
      return [{ title, key: desk.keyOf(el), group: el.closest('#thread') ? nameHere() : desk.words('Go to'), el }];
    });
  }
  const nameHere = () => { const title = document.getElementById('thread-title'); return title ? title.textContent : desk.words('This conversation'); };

  /* The name itself, word starts, then letters in their order; lower is better, -1 is none. Of equals what the open case can do goes first. */
  function rank(title, typed) {
    const name = title.toLowerCase(), place = name.indexOf(typed);
    if (place === 0) return name === typed ? 0 : 0.5;
    if (place > 0) return name[place - 1] === ' ' ? 1 : 2;
    let from = 0;
    for (const letter of typed) { from = name.indexOf(letter, from) + 1; if (!from) return -1; }
    return 3;
  }

  const isElsewhere = one => !one.el.closest('#thread');

  function rowsFor(typed) {
    const own = offered();
    if (!typed) {
      const last = used();
      own.forEach(one => { if (last.includes(one.title)) one.group = desk.words('Used last'); });
      return own.sort((a, b) => place(last, a.title) - place(last, b.title) || isElsewhere(a) - isElsewhere(b)).slice(0, MOST);
    }
    const ranked = own.map(one => ({ one, by: rank(one.title, typed) })).filter(({ by }) => by >= 0);
    const sorted = ranked.sort((a, b) => a.by - b.by || isElsewhere(a.one) - isElsewhere(b.one)), begun = sorted.filter(({ by }) => by < 2), acts = found.filter(one => one.post);      // what only has the letters stands below
    return [...begun.map(({ one }) => one), ...acts, ...sorted.slice(begun.length).map(({ one }) => one), ...found.filter(one => !one.post)].slice(0, MOST);
  }
  const place = (last, title) => (last.includes(title) ? last.indexOf(title) : last.length);

  /* Rows of a group stand together, the groups in the order of their best. */
  function grouped(rows) {
    const names = [...new Set(rows.map(one => one.group))];
    return names.map(name => [name, rows.filter(one => one.group === name)]);
  }

  function draw() {
    const typed = field.value.trim().toLowerCase(), groups = grouped(rowsFor(typed));
    shown = groups.flatMap(([, rows]) => rows);
    at = Math.min(at, Math.max(0, shown.length - 1));
    list.replaceChildren(...groups.map(([name, rows]) => {
      const group = document.createElement('div');
      group.setAttribute('role', 'group'); group.setAttribute('aria-label', name);
      group.append(...rows.map(one => option(one, shown.indexOf(one), typed)));
      return group;
    }));
    if (shown.length) { field.setAttribute('aria-activedescendant', 'palette-' + at); document.getElementById('palette-' + at).scrollIntoView({ block: 'nearest' }); }
    else field.removeAttribute('aria-activedescendant');
    document.getElementById('palette-none').hidden = Boolean(shown.length);
  }

  function option(one, n, typed) {
    const row = document.createElement('div'), title = Object.assign(document.createElement('span'), { className: 'grow cut' });
    const from = one.title.toLowerCase().indexOf(typed), to = from + typed.length;
    row.id = 'palette-' + n; row.setAttribute('role', 'option'); row.setAttribute('aria-selected', String(n === at));
    if (typed && from >= 0) title.append(one.title.slice(0, from), Object.assign(document.createElement('b'), { textContent: one.title.slice(from, to) }), one.title.slice(to));
    else title.textContent = one.title;
    row.append(glyphOf(one), title);
    if (one.hint && one.hint !== one.group) row.append(Object.assign(document.createElement('small'), { textContent: one.hint }));
    if (one.key) row.append(Object.assign(document.createElement('kbd'), { textContent: one.key }));
    return row;
  }

  function glyphOf(one) {
    const own = one.el && [...one.el.querySelectorAll('.i')].find(each => !each.innerHTML.includes('chevron'));
    const named = one.icon || (one.el && one.el.dataset.icon);
    return own && !named ? own.cloneNode(true) : desk.icon(named || 'chevron-right');
  }

  async function ask() {
    const typed = field.value.trim();
    if (typed === asked) return;
    asked = typed;
    if (asking) asking.abort();
    asking = new AbortController();
    if (!typed) { found = []; draw(); return; }
    try {
      const [answer, saved] = await Promise.all([fetch(box.dataset.url + '?' + new URLSearchParams({ q: typed, c: document.getElementById('thread')?.dataset.case || '' }), { headers: desk.headers(), signal: asking.signal }), desk.saved.find(typed)]);
      if (answer.ok) {
        const { items } = await answer.json();
        items.forEach(one => { one.group ||= nameHere(); });
        found = [...items.filter(one => one.post), ...saved, ...items.filter(one => !one.post)]; draw();
      }
    } catch (error) { if (error.name !== 'AbortError') { found = []; draw(); } }
  }

  function open() {
    field.value = ''; asked = ''; found = []; at = 0;
    draw();
    box.showModal();
    field.focus();
  }

  function run(one) {
    box.close();
    if (!one) return;
    remember(one.title);
    if (one.put) { one.put(); return; }
    if (one.post) { window.htmx.ajax('POST', one.url, { source: document.getElementById('thread'), swap: 'none', values: one.post }); return; }
    if (one.url) { location.assign(one.url); return; }
    if (one.el.matches('textarea, input:not([type="radio"]):not([type="checkbox"])')) one.el.focus(); else one.el.click();
  }

  document.addEventListener('keydown', e => {
    if ((e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey && e.key.toLowerCase() === 'k') {
      e.preventDefault();
      if (box.open) box.close(); else if (!document.querySelector('dialog[open]')) open();
    }
  });
  document.addEventListener('click', e => {
    if (e.target.closest('[data-palette]')) { e.preventDefault(); open(); }
    const row = e.target.closest('#palette-list [role="option"]');
    if (row) run(shown[+row.id.slice('palette-'.length)]);
  });
  field.addEventListener('input', () => { at = 0; draw(); clearTimeout(timer); timer = setTimeout(ask, PAUSE); });
  field.addEventListener('keydown', e => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (by && shown.length) { e.preventDefault(); at = (at + by + shown.length) % shown.length; draw(); }
    if (e.key === 'Enter') { e.preventDefault(); run(shown[at]); }
  });
})();
