/* Keys: letters act only when no field has the focus; matched by what is printed on the key. Loaded after app.js; offers desk.keys.

   [data-key="e"]             pressed by that key (case matters: "N" is Shift+N; "g m" is a sequence); fields are focused, all else is
                              clicked. Its title and its kbd say the key that this agent presses
   [data-turns][data-key="s"]  in a menu: presses button[aria-pressed][data-key="s"] and says what that does, [data-off] while it is pressed
   body[data-keys='{"e":"d"}'] what they press in another key's place, "" for none; body[data-shortcuts=off] switches letters off
   desk.keys[KEY] = event → whether it was taken: what no element stands for. Other scripts put theirs in
   F6 goes from pane to pane, Esc out: menu, field, conversation, list. .app[data-nav=none] hides the views ("[") */
(function () {
  'use strict';
  const desk = (window.desk = window.desk || {}), body = document.body;
  const own = JSON.parse(body.dataset.keys || '{}'), isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  const LETTERS = 'input:not([type="radio"]):not([type="checkbox"]), textarea, select, [contenteditable], dialog';
  let sequence = '', sequenceTimer = 0;

  const chosen = key => (key in own ? own[key] : key);
  const meant = pressed => Object.keys(own).find(key => own[key] === pressed) || (pressed in own ? '' : pressed);
  const isDrawn = el => (el.checkVisibility ? el.checkVisibility() : Boolean(el.offsetParent));
  const isSeen = el => isDrawn(el) || Boolean(el.closest('details:not([open])') && isDrawn(el.closest('details')));      // in a menu that is closed

  function press(key) {
    const all = [...document.querySelectorAll('[data-key="' + CSS.escape(key) + '"]')], el = all.filter(isSeen).pop() || all.find(one => one.closest('.nav'));
    if (!el) return false;
    if (el.matches('textarea, input:not([type="radio"]):not([type="checkbox"])')) { el.focus(); if (el.select && el.type === 'search') el.select(); } else { if (el.matches('summary')) el.focus(); el.click(); }      // arrows go on into its menu
    return true;
  }

  /* Whether a key that was pressed begins one of several. */
  const begins = pressed => [...document.querySelectorAll('[data-key*=" "]')].some(el => chosen(el.dataset.key).startsWith(pressed + ' '));

  function onKey(e) {
    if (e.key === 'F6') return pane(e);
    if (e.key === 'Escape') return e.defaultPrevented ? null : out();
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return null;
    if (e.target.closest(LETTERS)) return null;
    if (e.key.length > 1 || e.key === ' ') { if (desk.keys[e.key] && desk.keys[e.key](e)) e.preventDefault(); return null; }
    if (body.dataset.shortcuts === 'off') return null;
    const pressed = sequence ? sequence + ' ' + e.key : e.key, isBegun = !sequence && begins(e.key);
    clearTimeout(sequenceTimer);
    sequence = isBegun ? e.key : '';
    if (isBegun) { sequenceTimer = setTimeout(() => { sequence = ''; }, 1500); return null; }
    const key = meant(pressed);
    if (key && ((desk.keys[key] && desk.keys[key](e)) || press(key))) e.preventDefault();
    return null;
  }

  /* ---- out, and from pane to pane ---- */
  function out() {
    const menu = document.querySelector('details:is(.menu, .ed)[open]'), at = document.activeElement;
    if (document.querySelector('dialog:modal')) return;
    if (menu) { menu.open = false; menu.querySelector('summary').focus(); }
    else if (at.matches('form[data-composer] *')) focus('#log');
    else if (at.matches('input, textarea, select')) at.blur();
    else if (at.closest('#thread, #customer')) focus('#rows [aria-current]', '#rows a.row');
  }

  function focus(...selectors) {     // what fits the first of them that anything fits
    const el = selectors.map(each => [...document.querySelectorAll(each)].find(isSeen)).find(Boolean);
    if (el) el.focus();
    return Boolean(el);
  }

  const PANES = [['.nav', '.nav [aria-current]', '.nav a'], ['#list', '#rows [aria-current]', '#rows a.row', '#list a'], ['#log', '#log'], ['#composer', '#composer textarea'], ['#customer', '#customer a, #customer button'], ['main.page', 'main.page :is(a, button, input, select, textarea)']];
  function pane(e) {
    const there = PANES.filter(([box]) => [...document.querySelectorAll(box)].some(isSeen)), now = there.findIndex(([box]) => document.activeElement.closest(box));
    e.preventDefault();
    for (let n = 1; n <= there.length; n++) {
      const at = (Math.max(now, e.shiftKey ? 0 : -1) + (e.shiftKey ? -n : n) + 2 * there.length) % there.length;
      if (focus(...there[at].slice(1))) return;
    }
  }

  /* ---- what an element says about its key is what this agent presses ---- */
  const printed = sign => (sign.length === 1 && /\p{Lu}/u.test(sign) ? '⇧ ' + sign : sign.toUpperCase());
  const saidOf = el => (body.dataset.shortcuts === 'off' ? '' : chosen(el.dataset.key).split(' ').filter(Boolean).map(printed).join(' '));
  function tell() {
    document.querySelectorAll('.nav .nv:not([title])').forEach(el => { el.title = el.querySelector('span') ? el.querySelector('span').textContent : ''; });     // of the rail
    document.querySelectorAll('[data-key]:not([data-told])').forEach(el => {
      const key = chosen(el.dataset.key), said = saidOf(el);
      const kbd = el.matches('details > summary, a, button') && el.querySelector('kbd');
      el.dataset.told = '';
      if (said) el.setAttribute('aria-keyshortcuts', key.split(' ').map(sign => (printed(sign).length > 1 ? 'Shift+' : '') + sign.toUpperCase()).join(' '));
      if (el.title && said) el.title += ' (' + said + ')';
      if (kbd) { kbd.textContent = said; kbd.hidden = !said; }
    });
    document.querySelectorAll('[data-turns]').forEach(el => {
      const real = turnedBy(el);
      el.hidden = !real;
      if (real) el.querySelector('span').textContent = real.getAttribute('aria-pressed') === 'true' ? real.dataset.off : real.getAttribute('aria-label');
    });
    if (isMac) document.querySelectorAll('kbd').forEach(el => { el.textContent = el.textContent.replace(/Ctrl|Strg/, '⌘').replace('Alt', '⌥'); });
  }

  const turnedBy = el => document.querySelector('[aria-pressed][data-key="' + el.dataset.key + '"]');

  function hideViews() {
    const app = document.querySelector('.app');
    if (!app || innerWidth < 768) return false;
    if (app.dataset.nav) delete app.dataset.nav; else app.dataset.nav = 'none';
    try { localStorage.setItem('onethread.nav', app.dataset.nav || ''); } catch (_) { return true; }
    return true;
  }
  try { if (localStorage.getItem('onethread.nav') && document.querySelector('.app')) document.querySelector('.app').dataset.nav = 'none'; } catch (_) { body.dataset.forgets = ''; }

  Object.assign(desk, { press, keyOf: saidOf });
  desk.keys = { '[': hideViews, '?': () => desk.sheet('/settings/shortcuts'), ...desk.keys };
  document.addEventListener('keydown', onKey);
  document.addEventListener('click', e => {
    const turn = e.target.closest('[data-turns]');
    if (turn) turnedBy(turn).click();
    if (e.target.closest('[data-views]') && hideViews()) e.preventDefault();
  });
  document.addEventListener('toggle', tell, true);
  ['desk:applied', 'htmx:afterSettle'].forEach(name => document.addEventListener(name, tell));
  tell();
})();
