/* The open conversation: puts entries in their order, decorates them by their neighbours, keeps the reader's place.
   The elements it expects are listed at the top of live.js. Loaded before live.js; offers desk.timeline and desk.apply. */
(function () {
  'use strict';
  const desk = (window.desk = window.desk || {});
  const NEAR = 48, SOON = 300, NEWEST = Number.MAX_SAFE_INTEGER, JOINED = 3 * 60e3, SPEAK = 3000, PACE = 1000, KEPT = 300, MOST = 350;
  const ICONS = { email: ['mail', desk.words('Email')], webchat: ['message-circle', desk.words('Web chat')], form: ['clipboard-list', desk.words('Form')], phone: ['phone', desk.words('Phone call')], meeting: ['users', desk.words('Meeting')], side: ['forward', desk.words('To supplier')] };
  const SPRITE = document.body.dataset.icons || '/static/icons.svg';      // with its ?v=, so that it is loaded once
  const me = document.body.dataset.agent;
  const unfolded = new Set(), held = new Map();
  let readAt = 0, reading = 0, missed = 0, quiet = false, unspoken = [], spokenAt = 0, speaking;

  const log = () => document.getElementById('log');
  const entries = box => [...box.querySelectorAll(':scope > [data-position]')];
  const newer = box => box.querySelector(':scope > a[data-newer]');         // what came later is not loaded
  const atEnd = box => !newer(box) && box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
  const timeOf = el => { const t = el.querySelector('time[datetime]'); return t ? Date.parse(t.dateTime) : NaN; };
  const isWords = el => el.dataset.kind === 'message' || el.dataset.kind === 'note';
  const isOwn = el => Boolean(me) && el.dataset.authorAgent === me;
  const busy = el => el.contains(document.activeElement) && document.activeElement !== document.body;

  function make(tag, kind, className) {
    const el = document.createElement(tag);
    el.dataset.made = kind; el.className = className;
    return el;
  }

  /* ---- decoration: all that depends on who looks or on the neighbour, so that a pushed entry needs neither ---- */
  function decorate(box) {
    const used = new Set();
    let before = null, spoke = null, run = [];
    const endRun = () => { if (run.length) fold(run, used); run = []; };
    for (const el of entries(box)) {
      const isMessage = el.dataset.kind === 'message';
      if (el.dataset.kind === 'change' && el.dataset.event !== 'case.resolved') run.push(el); else endRun();
      strandLine(el, isMessage && el.dataset.strand && (!spoke || spoke.dataset.strand !== el.dataset.strand || spoke.dataset.case !== el.dataset.case), used);
      el.classList.toggle('msg--cont', isMessage && joins(before, el));
      el.classList.toggle('is-own', isOwn(el));
      el.classList.toggle('is-other', Boolean(box.dataset.case && el.dataset.case && el.dataset.case !== box.dataset.case));
      if (isOwn(el)) el.querySelectorAll('[data-author-name]').forEach(name => { name.textContent = desk.words('You'); });
      if (isMessage) spoke = el;
      before = el;
    }
    endRun();
    box.querySelectorAll(':scope > [data-made]').forEach(el => { if (el.dataset.made !== 'new' && !used.has(el)) el.remove(); });
    if (me) box.querySelectorAll('[data-for-agent]').forEach(button => { button.hidden = button.dataset.forAgent !== me; });
    if (me) box.querySelectorAll('[data-name-of="' + CSS.escape(me) + '"]').forEach(nameMe);
  }

  function nameMe(el) {
    const said = el.previousSibling && el.previousSibling.textContent.trim();
    el.textContent = said ? desk.words('you') : desk.words('You');
  }

  function joins(before, el) {
    return Boolean(before) && before.dataset.kind === 'message' && el.dataset.channelKind === 'webchat'
      && before.dataset.author === el.dataset.author && before.dataset.strand === el.dataset.strand
      && Math.abs(timeOf(el) - timeOf(before)) < JOINED && before.nextElementSibling === el;
  }

  function strandLine(el, wanted, used) {
    const isOther = el.dataset.case && el.parentElement.dataset.case && el.dataset.case !== el.parentElement.dataset.case;
    const old = el.previousElementSibling, own = el.dataset.strandLabel || '', from = own[0] === '/' && el.dataset.channelKind === 'webchat' ? desk.words('from %(page)s', { page: own }) : own;
    const label = from + (isOther ? ' · #' + el.dataset.case : '');
    if (old && old.dataset.made === 'strand') {
      if (wanted && old.dataset.strand === el.dataset.strand && old.dataset.label === label) { used.add(old); return; }
      old.remove();
    }
    if (!wanted) return;
    const kind = 'side' in el.dataset ? 'side' : el.dataset.channelKind, [icon, word] = ICONS[kind] || ['layers', kind || ''];
    const line = make('div', 'strand', 'chdiv ch-' + kind);
    line.dataset.strand = el.dataset.strand; line.dataset.label = label;
    line.innerHTML = '<span class="chdiv__c"><svg class="i" aria-hidden="true"><use href="' + SPRITE + '#' + icon + '"/></svg></span><b></b><span class="cut"></span>';
    line.children[1].textContent = word; line.children[2].textContent = label;
    el.before(line); used.add(line);
  }

  function fold(run, used) {
    const few = run.length < 3, open = few || run.some(el => unfolded.has(el.id));
    run.forEach(el => { el.hidden = !open && !busy(el); });
    if (few) return;
    const old = run[0].previousElementSibling;
    const button = old && old.dataset.made === 'fold' ? old : make('button', 'fold', 'fold');
    const text = desk.count('%(number)s change', '%(number)s changes', run.length);
    if (button.textContent !== text) button.textContent = text;
    button.type = 'button'; button.setAttribute('aria-expanded', open);
    button.onclick = () => {
      run.forEach(el => (open ? unfolded.delete(el.id) : unfolded.add(el.id)));
      keeping(button.parentElement, () => {});
    };
    if (button !== old) run[0].before(button);
    used.add(button);
  }

  /* ---- order and place ---- */
  function place(box, el) {
    const twin = document.getElementById(el.id);
    if (twin && twin.dataset.position === el.dataset.position) return replace(twin, el);
    if (twin) twin.remove();
    const all = entries(box), at = +el.dataset.position;
    if (!quiet && all.length && at < +all[0].dataset.position && box.querySelector(':scope > a[data-older]')) return;   // comes with its page of history
    if (!quiet && newer(box) && at > +all[all.length - 1].dataset.position) return isOwn(el) && isWords(el) ? show(NEWEST) : isWords(el) && showMissed(missed + 1);
    const later = all.find(other => +other.dataset.position > at);
    if (later) later.before(el); else if (all.length) all[all.length - 1].after(el); else box.prepend(el);
    if (window.htmx) window.htmx.process(el);
    if (!twin && isWords(el)) arrived(box, el, !later);
  }

  function replace(old, el) {
    const twin = !busy(old) ? null : old === document.activeElement ? el : counterpart(document.activeElement, el);
    if (busy(old) && !twin) { held.set(old.id, el); return; }         // never under a person's cursor: it waits until focus has left
    held.delete(old.id);
    const details = el.querySelectorAll('details');
    old.querySelectorAll('details').forEach((d, i) => { if (d.open && details[i]) details[i].open = true; });
    if (twin === el) el.tabIndex = -1;
    old.replaceWith(el);
    if (window.htmx) window.htmx.process(el);
    if (twin) twin.focus({ preventScroll: true });
  }

  function counterpart(at, el) {                           // the same link or button in what comes, else what took a pressed button's place: focus stays there
    if (at.tabIndex < 0 && at.id) {                        // a heading that was focused for whoever hears the page
      const heading = el.querySelector('#' + at.id);
      if (heading) heading.tabIndex = -1;
      return heading;
    }
    if (!at.matches('a[href], button') || at.closest('details[open]')) return null;
    const same = other => ['href', 'formaction', 'value'].every(name => other.getAttribute(name) === at.getAttribute(name)) && other.textContent === at.textContent;
    return [...el.querySelectorAll(at.tagName)].find(same) || (at.matches('button') && el.querySelector('button.btn--line, button.btn--go, button'));
  }

  /** Runs `change`, then leaves the log where the reader had it: at the end, or with the same line at the top. */
  function keeping(box, change) {
    const top = box.getBoundingClientRect().top;
    const anchor = box.dataset.pinned ? null : entries(box).find(el => !el.hidden && el.getBoundingClientRect().bottom > top);
    const was = anchor && anchor.getBoundingClientRect().top;
    change();
    decorate(box);
    const now = anchor && (anchor.isConnected ? anchor : document.getElementById(anchor.id));
    if (box.dataset.pinned) box.scrollTop = box.scrollHeight;
    else if (now) box.scrollTop += now.getBoundingClientRect().top - was;
  }

  function arrived(box, el, last) {
    if (quiet) return;
    if (isOwn(el)) { if (last) box.dataset.pinned = '1'; return; }
    if (!box.dataset.pinned) showMissed(missed + 1);
    unspoken.push(el);
    if (!speaking) speaking = setTimeout(speak, Math.max(0, spokenAt + SPEAK - Date.now()));
  }

  function speak() {
    const region = document.getElementById('announce'), [el] = unspoken;
    speaking = 0; spokenAt = Date.now();
    if (region && el) {
      const name = el.querySelector('[data-author-name]'), words = el.querySelector('[data-text], .bub, p');
      region.textContent = unspoken.length > 1 ? desk.count('1 new message', '%(number)s new messages', unspoken.length)
        : (name ? name.textContent : desk.words('New message')) + ': ' + (words ? words.textContent.trim().slice(0, 80) : '');
    }
    unspoken = [];
  }

  function showMissed(n) {
    const button = document.getElementById('missed');
    missed = n;
    if (!button) return;
    button.hidden = !n;
    (button.querySelector('[data-n]') || button).textContent = desk.count('1 new message', '%(number)s new messages', n);
  }

  /* ---- opening, reading, history ---- */
  function opened(box) {
    unfolded.clear(); held.clear(); showMissed(0);
    if (!box) return;
    decorate(box);
    const seen = box.dataset.seen, fresh = seen && entries(box).find(el => isWords(el) && !isOwn(el) && +el.dataset.position > +seen);
    let line = null;
    if (fresh) {
      line = make('div', 'new', 'newline');
      line.setAttribute('role', 'separator'); line.textContent = desk.words('New');
      const strand = fresh.previousElementSibling;
      (strand && strand.dataset.made === 'strand' ? strand : fresh).before(line);
    }
    const named = location.hash && document.getElementById(location.hash.slice(1));
    if (named && box.contains(named)) named.scrollIntoView({ block: 'center' });
    else if (line && box.scrollHeight - line.offsetTop > box.clientHeight) box.scrollTop = line.offsetTop - box.offsetTop - 40;
    else box.scrollTop = box.scrollHeight;
    box.dataset.pinned = atEnd(box) ? '1' : '';
    box.querySelectorAll('iframe.frame').forEach(fit);
    sizes.disconnect(); sizes.observe(box);
    setTimeout(markRead, 1000, box);
  }

  function markRead(box) {                                 // of several entries at once the last is told
    const pause = readAt + PACE - Date.now();
    if (pause > 0) { reading = reading || setTimeout(() => { reading = 0; if (log()) markRead(log()); }, pause); return; }
    const last = entries(box).pop(), url = box.dataset.readUrl;
    if (!url || !last || document.hidden || box !== log() || !atEnd(box) || box.dataset.read === last.dataset.position) return;
    box.dataset.read = last.dataset.position; readAt = Date.now();
    fetch(url, { method: 'POST', headers: desk.headers(), body: new URLSearchParams({ position: last.dataset.position }) })
      .then(answer => { if (answer.ok && desk.lists && box.dataset.case) desk.lists.changed([box.dataset.case]); })
      .catch(() => { box.dataset.read = ''; });            // offline: the next arrival or visit tries again
  }

  async function ask(url) {
    const answer = await fetch(url, { headers: desk.headers() });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    return parse(await answer.text());
  }

  async function more(link) {                              // a page of what is older, or newer, puts itself in its link's place
    if (link.ariaBusy) return;
    link.ariaBusy = 'true';
    try {
      const page = await ask(link.href), box = link.parentElement, isOlder = 'older' in link.dataset;
      const next = page.querySelector(isOlder ? 'a[data-older]' : 'a[data-newer]');
      keeping(box, () => {
        link.remove();
        add(box, page);
        if (next && isOlder) box.prepend(next); else if (next) entries(box).pop().after(next);
      });
      if (!isOlder && !next) { showMissed(0); markRead(box); }
      document.dispatchEvent(new CustomEvent('desk:applied'));
    } catch (_) { link.ariaBusy = null; link.dataset.failed = ''; link.textContent = desk.words('Couldn’t load them. Try again'); }
  }

  function add(box, page) {
    quiet = true;
    page.querySelectorAll('[data-position]').forEach(el => place(box, el));
    quiet = false;
  }

  /** Shows the part of the timeline around a position, instead of the one that stands there. */
  async function show(position) {
    const box = log(), page = await ask('/conversations/' + box.dataset.conversation + '?case=' + (box.dataset.case || '') + '&at=' + position);
    if (box !== log()) return;
    box.querySelectorAll(':scope > :not(#typing)').forEach(el => el.remove());
    box.prepend(...page.children);
    if (window.htmx) window.htmx.process(box);
    box.dataset.pinned = position === NEWEST ? '1' : '';
    keeping(box, () => showMissed(0));
    markRead(box);
    document.dispatchEvent(new CustomEvent('desk:applied'));
  }

  /** After hours at the end of a busy conversation: what is far above goes, and comes back with its page of history. */
  function trim(box) {
    const all = entries(box), gone = all.slice(0, -KEPT), [first] = all.slice(-KEPT);
    const link = box.querySelector(':scope > a[data-older]') || Object.assign(document.createElement('a'), { className: 'fold older', textContent: desk.words('Older messages') });
    if (all.length <= MOST || !box.dataset.pinned || link.ariaBusy || gone.some(busy)) return;
    while (box.firstElementChild !== first) box.firstElementChild.remove();
    link.dataset.older = '';
    link.href = '/conversations/' + box.dataset.conversation + '?case=' + (box.dataset.case || '') + '&before=' + first.dataset.position;
    box.prepend(link);
  }

  /* ---- fragments: <x hx-swap-oob="beforeend:#log">…</x>, or an element that replaces its namesake ---- */
  function parse(html) {
    const t = document.createElement('template');
    t.innerHTML = html;
    return t.content;
  }

  function put(part, box) {
    const [how, where] = (part.getAttribute('hx-swap-oob') || 'true').split(':');
    part.removeAttribute('hx-swap-oob');
    const old = part.id && document.getElementById(part.id);
    if (how === 'delete') { if (old) old.remove(); return; }
    if (how !== 'beforeend') { if (old) replace(old, part); return; }
    const target = document.querySelector(where);
    for (const el of target ? [...part.children] : []) {
      const twin = el.id && document.getElementById(el.id);
      if (target === box && el.dataset.position) place(box, el); else if (twin) replace(twin, el);
      else { target.append(el); if (window.htmx) window.htmx.process(el); }
    }
  }

  /** Applies pushed fragments; applying the same ones twice changes nothing. */
  desk.apply = function (html) {
    const parts = [...parse(html).children], box = log();
    const change = () => parts.forEach(part => put(part, box));
    if (box) { keeping(box, () => { change(); trim(box); }); markRead(box); } else change();
    document.dispatchEvent(new CustomEvent('desk:applied'));
  };

  function fit(frame) {                                    // a mail's frame is as high as its document
    const inner = frame.contentDocument;
    if (!inner || !inner.body || inner.URL === 'about:blank') return;
    const measure = () => keeping(log(), () => { frame.style.height = Math.ceil(inner.documentElement.offsetHeight) + 'px'; });
    if (frame.fitted !== inner) { frame.fitted = inner; new ResizeObserver(measure).observe(inner.body); }
  }

  const sizes = new ResizeObserver(([{ target }]) => { if (target.dataset.pinned) target.scrollTop = target.scrollHeight; });
  document.addEventListener('scroll', e => {
    const box = log();
    if (!box || e.target !== box) return;
    const pinned = atEnd(box) ? '1' : '', above = box.scrollTop, below = box.scrollHeight - box.clientHeight - above;
    if (box.dataset.pinned !== pinned) box.dataset.pinned = pinned;
    if (pinned) { if (missed) showMissed(0); markRead(box); }
    if (above > 2 * SOON && below > 2 * SOON) return;      // the ways to more stand at both ends
    const { top, bottom } = box.getBoundingClientRect();
    box.querySelectorAll(':scope > a:is([data-older], [data-newer]):not([data-failed])').forEach(link => {
      const at = link.getBoundingClientRect();
      if (at.bottom > top - SOON && at.top < bottom + SOON) more(link);
    });
  }, true);
  document.addEventListener('load', e => {
    const box = log();
    if (!box || !box.contains(e.target)) return;
    if (e.target.matches('iframe.frame')) fit(e.target); else if (box.dataset.pinned) box.scrollTop = box.scrollHeight;
  }, true);
  document.addEventListener('focusout', () => setTimeout(() => {
    const free = [...held].filter(([id]) => { const old = document.getElementById(id); return !old || !busy(old); });
    free.forEach(([id]) => held.delete(id));
    if (free.length) desk.apply(free.map(([, el]) => el.outerHTML).join(''));
  }));
  document.addEventListener('click', e => {
    const link = e.target.closest('#log > a:is([data-older], [data-newer])');
    if (link && !e.ctrlKey && !e.metaKey) { e.preventDefault(); more(link); }
    if (e.target.closest('#missed')) { const box = log(); if (newer(box)) show(NEWEST); else box.scrollTop = box.scrollHeight; showMissed(0); }
  });
  document.addEventListener('visibilitychange', () => { if (log()) markRead(log()); });

  desk.timeline = { opened, decorate, parse, show, ask };
})();
