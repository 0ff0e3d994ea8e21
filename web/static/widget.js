/* Onethread's loader: launcher, badge and teaser in a closed shadow root, and the panel in a frame of our own origin, made
   when it is first wanted. It opens no connection itself, knows no message, and keeps in the page's storage only that there
   is a conversation and whether the panel stood open. What pages may call: /widget.d.ts
   <script src="https://…/widget.js" data-channel="KEY" async></script>
   data-position="left" data-offset="20,20" data-accent="#0e6e5b" data-theme="light|dark" data-z data-launcher="hide" data-open="hash"
   data-lang="de" data-consent="wait". Any element with data-onethread-open opens the panel; data-onethread-unread is filled with the count. */
(function () {
  'use strict';
  const script = document.currentScript || document.querySelector('script[data-channel][src*="/widget.js"]');
  const early = window.onethread;
  if (!script || !script.dataset.channel || (early && !Array.isArray(early))) return;
  const set = script.dataset, key = set.channel, base = new URL(script.src).origin, stored = 'onethread:' + key;
  const nonce = crypto.getRandomValues(new Uint32Array(4)).join('');
  const listeners = {}, waiting = [], phone = matchMedia('(max-width:480px)');
  const lang = set.lang && set.lang !== 'auto' ? set.lang : '', side = set.position === 'left' ? 'left' : 'right', [x, y] = (set.offset || '20,20').split(',').map(n => parseInt(n, 10) || 0);
  const words = { open: $OPEN$[(lang || navigator.language).slice(0, 2)] || 'Open chat' };
  let memory = {}, frame = null, isReady = false, isOpen = false, unread = 0, before = null, overflow = '', shown = '', mayStore = set.consent !== 'wait', isBack = false;

  const recall = () => { try { return mayStore && JSON.parse(localStorage.getItem(stored)) || memory; } catch { return memory; } };
  function keep(change) {
    memory = Object.assign({}, recall(), change);
    try { if (mayStore) localStorage.setItem(stored, JSON.stringify(memory)); } catch { /* storage is blocked: it lasts as long as the page */ }
  }

  function make(name, attributes, ...children) {
    const element = /svg|path/.test(name) ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
    for (const each in attributes) element.setAttribute(each, attributes[each]);
    element.append(...children);
    return element;
  }
  const icon = d => make('svg', { viewBox: '0 0 24 24', 'aria-hidden': true }, make('path', { d }));

  /* ---- looks ---- */
  const accent = /^#[0-9a-f]{6}$/i.test(set.accent || '') ? set.accent : '';
  function inkOn(color) {                                  // WCAG 2.2 relative luminance: the better of white and near-black
    const [r, g, b] = [1, 3, 5].map(i => { const c = parseInt(color.slice(i, i + 2), 16) / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? '#101010' : '#fff';
  }
  const light = '--a:#0e6e5b;--i:#fff;--b:#fff;--t:#24221e;--m:#665f55;--e:#1d1b180f', dark = '--a:#5cc1a8;--i:#06231c;--b:#1f1d1a;--t:#e6e2da;--m:#a8a195;--e:#ffffff24';
  const own = accent ? `;--a:${accent};--i:${inkOn(accent)}` : '';
  const css = `:host{all:initial!important}
.r{${set.theme === 'dark' ? dark : light}${own};font:400 15px/1.45 Inter,system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:var(--t)}
${set.theme ? '' : `@media(prefers-color-scheme:dark){.r{${dark}${own}}}`}
.r *{box-sizing:border-box}button{font:inherit;color:inherit;border:0;padding:0;margin:0;background:none;cursor:pointer}
:focus{outline:none}:focus-visible{outline:2px solid #0b5fd0;outline-offset:3px}[hidden]{display:none!important}
svg{width:27px;height:27px;stroke:currentColor;stroke-width:1.75;fill:none;stroke-linecap:round;stroke-linejoin:round;display:block}
.l,.f,.p{position:fixed;${side}:${x}px;z-index:${parseInt(set.z, 10) || 2147483000}}
.l{bottom:${y}px;width:60px;height:60px;border-radius:50%;background:var(--a);color:var(--i);display:grid;place-items:center;box-shadow:0 2px 6px #1d1b1833,0 14px 34px -8px #1d1b1859;transition:transform .16s cubic-bezier(.2,.7,.2,1)}.l:hover{transform:translateY(-2px)}
.n{position:absolute;top:-3px;right:-3px;min-width:21px;height:21px;padding:0 6px;border-radius:21px;background:#c62a1f;color:#fff;font-size:12px;line-height:21px;font-weight:650;text-align:center;box-shadow:0 0 0 2px #fff}
.p{bottom:${y + 74}px;max-width:290px;padding:13px 16px;border-radius:16px 16px 5px 16px;background:var(--b);color:var(--t);text-align:left;box-shadow:0 0 0 1px var(--e),0 20px 48px -12px #1d1b1840}.p small{display:block;color:var(--m);font-size:13px}
.f{border:0;bottom:${y + 76}px;width:396px;max-width:calc(100vw - ${2 * x}px);height:min(660px,calc(100vh - ${y + 96}px));border-radius:18px;background:var(--b);color-scheme:${set.theme || 'light dark'};box-shadow:0 0 0 1px var(--e),0 4px 12px #1d1b1814,0 32px 80px -16px #1d1b1852}
@media(max-width:480px){.f{inset:0;width:100%;max-width:none;height:100vh;height:100dvh;border-radius:0;box-shadow:none}.o .l{display:none}}
@media(prefers-reduced-motion:reduce){.l{transition:none}}`;

  const badge = make('span', { class: 'n', hidden: '' }), chat = icon('M7.9 20A9 9 0 1 0 4 16.1L2 22Z'), down = icon('m6 9 6 6 6-6');
  const launcher = make('button', { class: 'l', type: 'button' }, chat, badge);
  const teaser = make('button', { class: 'p', type: 'button', hidden: '' });
  const root = make('div', { class: 'r' }, make('div', { role: 'status' }, teaser), launcher), host = make('div', {}), shadow = host.attachShadow({ mode: 'closed' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  shadow.adoptedStyleSheets = [sheet];
  host.style.setProperty('display', 'block', 'important');
  shadow.append(root);

  /* ---- the panel ---- */
  function load() {
    if (frame) return;
    frame = make('iframe', { class: 'f', hidden: '', title: 'Chat', allow: 'clipboard-write', src: `${base}/widget/${encodeURIComponent(key)}/panel${lang && '?lang=' + lang}` });
    frame.onload = () => frame && frame.contentWindow.postMessage({ onethread: 'hello', nonce, theme: set.theme || '', accent, page: shown, open: isOpen, lang, keeps: mayStore }, base);
    root.prepend(frame);
  }
  function tell(what) {
    load();
    if (isReady) frame.contentWindow.postMessage(Object.assign({ nonce }, what), base); else waiting.push(what);
  }
  function heard(event) {
    const told = event.data;
    if (!frame || event.source !== frame.contentWindow || event.origin !== base || !told || told.nonce !== nonce) return;
    if (told.t === 'ready') {
      isReady = true;
      Object.assign(words, told.words);
      waiting.splice(0).forEach(tell); label();
      emit('ready');
    } else if (told.t === 'close') close();
    else if (told.t === 'has') keep({ has: 1 });
    else if (told.t === 'unread') count(told.n, told.author);
    else if (told.t === 'error') { console.error('onethread: ' + told.text); emit('error', told.text); }
    else if (told.t === 'event') emit(told.name, told.detail);
  }
  const say = (key, value) => words[key].replace('{0}', value);
  function count(n, author) {
    if (n !== unread) emit('unread', n);
    const isMore = n > unread;
    unread = n;
    badge.hidden = !n || isOpen; badge.textContent = n > 9 ? '9+' : n;
    if (isMore && !isOpen) { teaser.replaceChildren(say('replied', author), make('small', {}, words.read)); teaser.hidden = false; }
    if (!n) teaser.hidden = true;
    for (const each of document.querySelectorAll('[data-onethread-unread]')) each.textContent = n || '';
    label();
  }
  function label() {
    launcher.setAttribute('aria-label', isOpen ? words.close || '' : unread ? say('unread', unread) : words.open);
    launcher.setAttribute('aria-expanded', isOpen);
    launcher.firstChild.replaceWith(isOpen ? down : chat);
    launcher.hidden = set.launcher === 'hide' && !isOpen;
    root.classList.toggle('o', isOpen);
  }
  function moved(to) {                                     // pages that change without loading: the path alone, for a query may hold anything
    const now = to && to.url ? new URL(to.url, location) : location, next = now.origin + now.pathname;
    if (shown === next) return;
    shown = next;
    if (frame) tell({ t: 'page', page: next });
  }

  /* ---- what pages may call ---- */
  function open(quiet) {
    if (isOpen) return;
    load();
    isOpen = true; frame.hidden = false; badge.hidden = teaser.hidden = true;
    keep({ open: 1 });
    before = document.activeElement;
    if (phone.matches) { overflow = document.documentElement.style.overflow; document.documentElement.style.overflow = 'hidden'; isBack = true; history.pushState(history.state, ''); }
    label(); if (quiet !== true) frame.focus(); tell({ t: 'open', quiet: quiet === true }); emit('open');
  }
  function close() {
    if (!isOpen) return;
    isOpen = false; frame.hidden = true;
    keep({ open: 0 });
    document.documentElement.style.overflow = overflow;
    if (isBack) { isBack = false; history.back(); }
    label(); tell({ t: 'close' }); emit('close');
    (launcher.hidden && before ? before : launcher).focus();
  }
  function emit(name, detail) { (listeners[name] || []).forEach(fn => fn(detail)); }
  const page = () => { moved(); if (isBack && isOpen) { isBack = false; close(); } };
  const listened = [[window, 'message', heard], [document, 'click', pressed], [window, 'popstate', page], [window.navigation || window, 'navigatesuccess', () => moved()]];
  const calls = {
    open, close,
    toggle: () => isOpen ? close() : open(),
    show: () => { host.hidden = false; host.style.setProperty('display', 'block', 'important'); },
    hide: () => { close(); host.style.setProperty('display', 'none', 'important'); },
    identify: who => tell({ t: 'identify', who }),
    setAttributes: attributes => tell({ t: 'attributes', attributes }),
    prefill: text => { open(); tell({ t: 'prefill', text: '' + text }); },
    send: text => { if (navigator.userActivation && !navigator.userActivation.isActive) throw new Error('onethread: send() is for a press of the visitor'); open(); tell({ t: 'send', text: '' + text }); },
    page: moved,
    reset: () => { keep({ has: 0 }); count(0); tell({ t: 'reset' }); },
    consent: may => { mayStore = may !== false; keep({}); if (frame) tell({ t: 'keeps', may: mayStore }); if (!may) try { localStorage.removeItem(stored); } catch { /* blocked */ } },
    on: (name, fn) => { (listeners[name] = listeners[name] || []).push(fn); },
    off: (name, fn) => { listeners[name] = (listeners[name] || []).filter(each => fn && each !== fn); },
    destroy: () => {
      close();
      listened.forEach(([where, name, fn]) => where.removeEventListener(name, fn));
      host.remove(); frame = null; isReady = false;
      window.onethread = [];
    },
  };
  const api = {};
  for (const name in calls) api[name] = (...given) => Promise.resolve().then(() => calls[name](...given));
  api.send = async text => calls.send(text);               // at once: a press lasts only a moment
  api.push = ([name, ...given]) => api[name] ? api[name](...given) : Promise.reject(new Error('onethread: there is no ' + name));
  function pressed(event) { const it = event.target.closest && event.target.closest('[data-onethread-open]'); if (it) { event.preventDefault(); open(); } }

  function start() {
    document.body.append(host);
    listened.forEach(([where, name, fn]) => where.addEventListener(name, fn));
    launcher.onclick = calls.toggle; launcher.addEventListener('pointerenter', load, { once: true });
    teaser.onclick = () => open();
    moved(); label();
    window.onethread = api;
    (early || []).forEach(api.push);
    const known = recall();
    if (set.open === 'hash' && location.hash === '#chat') open(); else if (known.open && !phone.matches) open(true); else if (known.has) load();
  }
  const idle = window.requestIdleCallback || (fn => setTimeout(fn, 1));
  const whenIdle = () => idle(start, { timeout: 2000 });
  if (document.body) whenIdle(); else addEventListener('DOMContentLoaded', whenIdle);
})();
