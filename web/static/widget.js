/* Onethread's loader: launcher, badge and teaser in a closed shadow root, and the panel in a frame of our own origin, made when it
   is first wanted. It opens no connection itself, knows no message, and keeps in the page's storage only that there is a
   conversation, whether the panel stood open, and when the greeting was shown. What pages may call: /widget.d.ts
   <script src="https://…/widget.js" data-channel="KEY" async></script>
   data-position="left" data-offset="20,20" data-accent="#0e6e5b" data-theme="light|dark" data-z data-launcher="hide" data-open="hash"
   data-lang="de" data-consent="wait" data-greeting="words after 20 seconds". Any element with data-onethread-open opens the panel;
   data-onethread-unread is filled with the count. */
(function () {
  'use strict';
  const script = document.currentScript || document.querySelector('script[data-channel][src*="/widget.js"]'), early = window.onethread;
  if (!script || !script.dataset.channel || early && !early.unshift) return;
  const { channel, lang, position, offset, accent, theme, z, launcher: shows, open: opens, consent, greeting } = script.dataset;
  const base = new URL(script.src).origin, stored = 'onethread:' + channel, nonce = crypto.getRandomValues(new Uint32Array(4)).join();
  const listeners = {}, waiting = [], narrow = matchMedia('(max-width:480px)'), page = document.documentElement.style;
  const language = lang && lang !== 'auto' ? lang : '', side = position === 'left' ? 'left' : 'right', [x, y] = (offset || '20,20').split(',').map(n => parseInt(n) || 0);
  const words = $WORDS$[(language || navigator.language).slice(0, 2)] || $ENGLISH$;
  let memory = {}, frame, isReady, isOpen, unread = 0, before, overflow, shown, mayStore = consent !== 'wait', isBack;

  const recall = () => { try { return mayStore && JSON.parse(localStorage.getItem(stored)) || memory; } catch { return memory; } };
  function keep(change) {                                  // whether it could be kept for longer than this page
    memory = { ...recall(), ...change };
    try { if (mayStore) localStorage.setItem(stored, JSON.stringify(memory)); return mayStore; } catch { /* storage is blocked */ }
  }
  function make(name, attributes, ...children) {           // not from markup: pages may forbid that (trusted types)
    const element = document.createElementNS(`http://www.w3.org/${/svg|path/.test(name) ? '2000/svg' : '1999/xhtml'}`, name);
    for (const each in attributes) element.setAttribute(each, attributes[each]);
    element.append(...children);
    return element;
  }
  const icon = d => make('svg', { viewBox: '0 0 24 24' }, make('path', { d }));

  /* ---- looks ---- */
  const color = /^#[0-9a-f]{6}$/i.test(accent) && accent;
  function inkOn() {                                       // by luminance (WCAG 2.2, with its gamma as 2.2): the better of white and near-black
    const [r, g, b] = [1, 3, 5].map(n => (parseInt(color.substr(n, 2), 16) / 255) ** 2.2);
    return .2126 * r + .7152 * g + .0722 * b > .18 ? '#101010' : '#fff';
  }
  const ink = color && inkOn(), own = color ? `;--a:${color};--i:${ink}` : '';
  const light = '--a:#0e6e5b;--i:#fff;--b:#fff;--t:#24221e' + own, dark = '--a:#5cc1a8;--i:#06231c;--b:#1f1d1a;--t:#e6e2da' + own;
  const css = `:host{all:initial!important}
.r{${theme === 'dark' ? dark : light};font:15px/1.45 Inter,system-ui,sans-serif}
${theme ? '' : `@media(prefers-color-scheme:dark){.r{${dark}}}`}
.r *{box-sizing:border-box}button{font:inherit;color:inherit;border:0;padding:0;background:none;cursor:pointer;text-align:start}
:focus-visible{outline:2px solid #0b5fd0;outline-offset:3px}[hidden]{display:none!important}
svg{width:27px;stroke:currentColor;stroke-width:1.75;fill:none;stroke-linecap:round;stroke-linejoin:round;display:block}
.l,.f,.p{position:fixed;${side}:${x}px;z-index:${parseInt(z) || 2147483000};box-shadow:0 0 0 1px #7a736833,0 14px 40px -12px #1d1b1880;background:var(--b);color:var(--t)}
.l{bottom:${y}px;width:60px;height:60px;border-radius:60px;background:var(--a);color:var(--i);display:grid;place-items:center}
.n{position:absolute;top:-3px;right:-3px;min-width:21px;padding:0 6px;border-radius:21px;background:#c62a1f;color:#fff;font-size:12px;line-height:21px;font-weight:650;box-shadow:0 0 0 2px #fff}
.p{bottom:${y + 74}px;max-width:290px;display:flex;border-radius:16px 16px 5px;overflow-wrap:anywhere}.p button{padding:13px 16px}.p svg{width:16px}.p [aria-label]{padding:13px 14px 13px 0;align-self:start}
.f{border:0;bottom:${y + 76}px;width:396px;max-width:calc(100vw - ${2 * x}px);height:min(660px,calc(100vh - ${y + 96}px));border-radius:18px;color-scheme:${theme || 'light dark'}}
@media(max-width:480px){.f{inset:0;width:100%;max-width:none;height:100vh;height:100dvh;border-radius:0}.o .l{display:none}}`;
  const badge = make('span', { class: 'n' }), chat = icon('M7.9 20A9 9 0 1 0 4 16.1L2 22Z'), down = icon('m6 9 6 6 6-6');
  const launcher = make('button', { class: 'l' }, chat, badge), teased = make('button'), away = make('button', { 'aria-label': words.dismiss }, icon('M18 6 6 18M6 6l12 12'));
  const teaser = make('div', { class: 'p', role: 'status', hidden: '' }, teased, away), root = make('div', { class: 'r' }, teaser, launcher), host = make('div'), shadow = host.attachShadow({ mode: 'closed' });
  shadow.adoptedStyleSheets = [new CSSStyleSheet()];
  shadow.adoptedStyleSheets[0].replaceSync(css);
  shadow.append(root);
  const show = is => host.style.setProperty('display', is ? 'block' : 'none', 'important');

  /* ---- the panel ---- */
  function load() {
    if (frame) return;
    frame = make('iframe', { class: 'f', hidden: '', title: 'Chat', src: `${base}/widget/${encodeURIComponent(channel)}/panel${language && '?lang=' + language}` });
    frame.onload = () => frame && frame.contentWindow.postMessage({ onethread: 'hello', nonce, theme, accent: color, ink, page: shown, open: isOpen, lang: language, keeps: mayStore }, base);
    root.prepend(frame);
  }
  function tell(t, what) {
    load();
    if (isReady) frame.contentWindow.postMessage({ nonce, t, ...what }, base); else waiting.push([t, what]);
  }
  const told = {                                           // what the panel tells
    ready: said => { isReady = true; Object.assign(words, said.words); waiting.splice(0).forEach(each => tell(...each)); label(); emit('ready'); },
    close,
    has: () => keep({ has: 1 }),
    unread: said => count(said.n, said.author),
    error: said => { console.error('onethread: ' + said.text); emit('error', said.text); },
    event: said => emit(said.name, said.detail),
  };
  function heard({ data, source, origin }) {
    if (frame && source === frame.contentWindow && origin === base && data && data.nonce === nonce && told[data.t]) told[data.t](data);
  }
  function tease(text) { teased.textContent = text; teaser.hidden = !text; }
  function count(n, author) {
    const had = unread;
    unread = n;
    if (n !== had) emit('unread', n);
    if (n > had && !isOpen) tease(words.replied.replace('{0}', author));
    if (had && !n) tease('');
    for (const each of document.querySelectorAll('[data-onethread-unread]')) each.textContent = n || '';
    label();
  }
  function label() {
    launcher.setAttribute('aria-label', isOpen ? words.close : unread ? words.unread.replace('{0}', unread) : words.open);
    launcher.setAttribute('aria-expanded', !!isOpen);
    launcher.firstChild.replaceWith(isOpen ? down : chat);
    launcher.hidden = shows === 'hide' && !isOpen;
    badge.hidden = !unread || isOpen; badge.textContent = unread > 9 ? '9+' : unread;
    root.classList.toggle('o', !!isOpen);
  }
  function moved(to) {                                     // pages that change without loading: the path alone, for a query may hold anything
    const { origin, pathname } = new URL(to && to.url || location, location);
    if (shown === origin + pathname) return;
    shown = origin + pathname;
    if (frame) tell('page', { page: shown });
  }

  /* ---- what pages may call ---- */
  function open(quiet) {
    if (isOpen) return;
    load();
    quiet = quiet === true;
    isOpen = true; frame.hidden = false; tease('');
    keep({ open: 1 });
    before = document.activeElement;
    if (narrow.matches) { ({ overflow } = page); page.overflow = 'hidden'; isBack = true; history.pushState(history.state, ''); }
    label(); if (!quiet) frame.focus(); tell('open', { quiet }); emit('open');
  }
  function close() {
    if (!isOpen) return;
    isOpen = false; frame.hidden = true;
    keep({ open: 0 });
    if (overflow != null) page.overflow = overflow;
    if (isBack) { isBack = false; history.back(); }
    label(); tell('close'); emit('close');
    (launcher.hidden ? before : launcher).focus();
  }
  function emit(name, detail) { (listeners[name] || []).forEach(fn => fn(detail)); }
  const isAsked = () => opens === 'hash' && location.hash === '#chat';
  const listened = [
    [window, 'hashchange', () => { if (isAsked()) open(); }],
    [window, 'message', heard],
    [window, 'popstate', () => { moved(); if (isBack && isOpen) { isBack = false; close(); } }],
    [window.navigation || window, 'navigatesuccess', () => moved()],
    [document, 'click', event => { if (event.target.closest && event.target.closest('[data-onethread-open]')) { event.preventDefault(); open(); } }],
  ];
  const calls = {
    open: () => open(), close,
    toggle: () => isOpen ? close() : open(),
    show: () => show(true),
    hide: () => { close(); show(); },
    identify: who => tell('identify', { who }),
    setAttributes: attributes => tell('attributes', { attributes }),
    prefill: text => { open(); tell('prefill', { text: '' + text }); },
    page: moved,
    reset: () => { keep({ has: 0 }); count(0); tell('reset'); },
    consent: may => { mayStore = may !== false; keep(); if (frame) tell('keeps', { may: mayStore }); if (!mayStore) try { localStorage.removeItem(stored); } catch { /* blocked */ } },
    on: (name, fn) => { (listeners[name] = listeners[name] || []).push(fn); },
    off: (name, fn) => { listeners[name] = (listeners[name] || []).filter(each => fn && each !== fn); },
    destroy: () => {
      close();
      listened.forEach(([where, name, fn]) => where.removeEventListener(name, fn));
      host.remove(); frame = isReady = null;
      window.onethread = [];
    },
  };
  const api = {
    push: async ([name, ...given]) => { if (!api[name]) throw Error('onethread: there is no ' + name); return api[name](...given); },
    send: async text => {                                  // at once: a press lasts only a moment
      if (navigator.userActivation && !navigator.userActivation.isActive) throw Error('onethread: send() is for a press of the visitor');
      open(); tell('send', { text: '' + text });
    },
  };
  for (const name in calls) api[name] = async (...given) => { await 0; return calls[name](...given); };

  function start() {
    const { has, open: wasOpen, greeted } = recall();
    document.body.append(host);
    listened.forEach(([where, name, fn]) => where.addEventListener(name, fn));
    launcher.onclick = calls.toggle; launcher.onpointerenter = load;
    teased.onclick = calls.open; away.onclick = () => { tease(''); launcher.focus(); };
    show(true); moved(); label();
    window.onethread = api;
    (early || []).forEach(api.push);
    if (isAsked()) open(); else if (wasOpen && !narrow.matches) open(true); else if (has) load();
    else if (greeting && !narrow.matches && !(Date.now() - greeted < 2592e6)) setTimeout(() => { if (!frame && keep({ greeted: Date.now() })) tease(greeting); }, 20000);
  }
  const idle = window.requestIdleCallback || (fn => setTimeout(fn, 1)), whenIdle = () => idle(start, { timeout: 2000 });
  if (document.body) whenIdle(); else addEventListener('DOMContentLoaded', whenIdle);
})();
