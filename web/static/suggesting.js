/* What is offered while one writes: /shortcut puts in a saved reply, :name an emoji, @name in a note a teammate or a team. Loaded
   after composer.js; offers desk.saved to the palette.

   form[data-composer]
     textarea[name=text]                the words; the offer stands above them as div.pop > ul[role=listbox]
     [data-saved-url="/cases/7/saved-replies"]   JSON {items: [{id, name, shortcut, text}]}, asked for once for each conversation;
                                        POST /saved-replies/ID/uses counts one that was put in
     [data-mentions='[{"id", "name", "away"?, "slug"?, "members"?}]']   who can be mentioned; the last two of a team
     [data-offer="/"], [data-offer=":"], [data-offer="@"] buttons that begin one
     [data-notifies]                    says whom the note as it stands notifies
   A place that could not be filled in stays as {{ name }}: it is marked, and nothing is sent while one is left. */
(function () {
  'use strict';
  const desk = window.desk;
  const MOST = 8, HOLE = /\{\{[^{}]*\}\}/;
  const EMOJI = Object.fromEntries(('thumbsup 👍 thumbsdown 👎 ok 👌 clap 👏 wave 👋 pray 🙏 muscle 💪 handshake 🤝 point_right 👉 raised_hands 🙌 ' +
    'smile 😄 grin 😁 joy 😂 laughing 😆 wink 😉 blush 😊 happy 🙂 upside_down 🙃 heart_eyes 😍 kiss 😘 cool 😎 thinking 🤔 neutral 😐 relieved 😌 ' +
    'sweat_smile 😅 sad 😢 cry 😭 angry 😠 worried 😟 scream 😱 surprised 😮 sleepy 😴 sick 🤒 shrug 🤷 facepalm 🤦 hug 🤗 party 🥳 ' +
    'heart ❤️ broken_heart 💔 star ⭐ sparkles ✨ fire 🔥 tada 🎉 gift 🎁 cake 🎂 coffee ☕ pizza 🍕 flower 🌸 sun ☀️ rain 🌧️ snow ❄️ rainbow 🌈 ' +
    'check ✅ cross ❌ warning ⚠️ question ❓ exclamation ❗ info ℹ️ hundred 💯 idea 💡 eyes 👀 rocket 🚀 hourglass ⏳ alarm ⏰ calendar 📅 ' +
    'mail 📧 phone 📞 package 📦 truck 🚚 house 🏠 money 💶 card 💳 receipt 🧾 cart 🛒 lock 🔒 key 🔑 tools 🛠️ bug 🐛 link 🔗 pin 📌 memo 📝 file 📄 ' +
    'camera 📷 computer 💻 mobile 📱 battery 🔋 globe 🌍 airplane ✈️ car 🚗 train 🚆 bike 🚲 dog 🐶 cat 🐱 arrow_right ➡️ arrow_left ⬅️ arrow_up ⬆️ arrow_down ⬇️')
    .split(' ').reduce((pairs, word, i, all) => (i % 2 ? pairs : [...pairs, [word, all[i + 1]]]), []));
  const saved = new Map();
  let open = null;

  const formOf = el => el && el.closest && el.closest('form[data-composer]');
  const area = form => form.querySelector('textarea[name="text"]');

  async function offersFor(form, sign, typed) {
    if (sign === ':') {
      return Object.entries(EMOJI).filter(([name]) => name.includes(typed)).sort(([a], [b]) => b.startsWith(typed) - a.startsWith(typed))
        .map(([name, text]) => ({ title: text + '  ' + name, text }));
    }
    if (sign === '@') return people(form).filter(one => one.name.toLowerCase().split(/\s+/).some(word => word.startsWith(typed)))
      .map(one => ({ title: named(one), text: '@' + one.name + ' ', icon: 'members' in one ? 'users' : 'user' }));
    const url = form.dataset.savedUrl;
    if (!url) return [];
    if (!saved.has(url)) saved.set(url, ask(url));
    const all = await saved.get(url);
    if (all && !all.length && !typed) return [NONE];
    return (all || []).filter(one => one.shortcut.startsWith(typed) || one.name.toLowerCase().includes(typed))
      .map(one => ({ title: '/' + one.shortcut, hint: one.name, text: one.text, id: one.id, icon: 'zap' }));
  }
  const NONE = { title: desk.words('No saved replies yet.'), hint: desk.words('Write the first one'), text: '', url: '/settings/replies/new', icon: 'zap' };

  /* ---- @ in a note: whom it names is read as the server reads it ---- */
  const isNote = form => Boolean(form.querySelector('[name="mode"][value="note"]:checked'));
  const people = form => JSON.parse(form.dataset.mentions || '[]');
  function named(one) {
    if (!one.away) return one.name;
    return one.away === one.name ? desk.words('%(name)s · away', one) : desk.words('%(name)s · away, %(away)s covers', one);
  }

  function notified(form) {
    const text = area(form).value.toLowerCase(), found = new Set(), firstOf = one => one.name.split(' ')[0];
    const names = people(form).flatMap(one => [one.name, one.slug || firstOf(one)].map(name => [name.toLowerCase(), one]));
    for (const { index } of text.matchAll(/(?<![\p{L}\p{N}_@.])@/gu)) {
      const rest = text.slice(index + 1), fits = names.filter(([name]) => rest.startsWith(name) && !/^[\p{L}\p{N}_]/u.test(rest.slice(name.length)));
      const longest = Math.max(...fits.map(([name]) => name.length));
      fits.forEach(([name, one]) => { if (name.length === longest) found.add(one); });
    }
    return [...found].map(one => ('members' in one ? desk.words('%(number)s of %(team)s', { number: one.members, team: one.name }) : firstOf(one)));
  }

  function tell(form) {
    const slot = form && form.querySelector('[data-notifies]'), names = slot && isNote(form) ? notified(form) : [];
    const text = names.length ? desk.words('Notifies %(names)s', { names: new Intl.ListFormat(document.documentElement.lang || undefined).format(names) }) : '';
    if (slot && slot.textContent !== text) slot.textContent = slot.title = text;
  }

  async function ask(url) {
    try {
      const answer = await fetch(url, { headers: desk.headers() });
      if (answer.ok) return (await answer.json()).items;
    } catch (_) { /* no network: asked again with the next sign */ }
    saved.delete(url);
    return null;
  }

  async function look(form) {
    const box = area(form), before = box.value.slice(0, box.selectionStart);
    const found = /(?:^|\s)(\/)([a-z0-9_-]*)$/i.exec(before) || /(?:^|\s)(:)([a-z_]{1,20})$/i.exec(before) || (isNote(form) && /(?:^|\s)(@)([\p{L}\p{N}.-]*)$/u.exec(before));
    if (!found) return close();
    const asked = box.value, items = (await offersFor(form, found[1], found[2].toLowerCase())).slice(0, MOST);
    if (area(form).value !== asked) return;                // typed on meanwhile
    if (items.length) show(form, items, found[2].length + 1); else close();
  }

  function show(form, items, length) {
    close();
    const pop = document.createElement('div'), list = document.createElement('ul'), box = area(form);
    pop.className = 'pop'; list.id = 'offers';
    list.setAttribute('role', 'listbox'); list.setAttribute('aria-label', desk.words('Put in'));
    items.forEach((item, i) => {
      const li = Object.assign(document.createElement('li'), { id: 'offer-' + i });
      li.setAttribute('role', 'option');
      if (item.icon) li.append(desk.icon(item.icon));
      li.append(Object.assign(document.createElement('span'), { textContent: item.title }));
      if (item.hint) li.append(Object.assign(document.createElement('small'), { className: 'grow cut', textContent: item.hint }));
      li.onpointerdown = e => { e.preventDefault(); choose(i); };
      list.append(li);
    });
    pop.append(list); form.append(pop);
    if (items[0].id) pop.append(Object.assign(document.createElement('p'), { textContent: desk.words('↵ puts it in, Esc closes') }));
    open = { form, pop, items, length, at: 0 };
    box.setAttribute('aria-controls', 'offers');
    mark();
  }

  function mark() {
    [...open.pop.querySelectorAll('li')].forEach((li, i) => li.setAttribute('aria-selected', String(i === open.at)));
    area(open.form).setAttribute('aria-activedescendant', 'offer-' + open.at);
  }

  function close() {
    if (!open) return;
    open.pop.remove();
    area(open.form)?.removeAttribute('aria-activedescendant');
    open = null;
  }

  function choose(i) {
    const { form, items, length } = open;
    close();
    put(form, items[i], length);
    if (items[i].url) location.assign(items[i].url);
  }

  /* In place of so many signs before the caret. */
  function put(form, item, length) {
    const box = area(form), end = box.selectionStart;
    box.focus();
    box.setSelectionRange(end - length, end);
    if (!document.execCommand('insertText', false, item.text)) { box.setRangeText(item.text, end - length, end, 'end'); box.dispatchEvent(new Event('input', { bubbles: true })); }
    if (item.id) {
      fillIn(form);
      fetch('/saved-replies/' + item.id + '/uses', { method: 'POST', headers: desk.headers() }).catch(() => {});      // a figure, no more
    }
  }

  /* Selects the first place that is still to be filled in. */
  function fillIn(form) {
    const box = area(form), hole = HOLE.exec(box.value);
    if (!hole) return false;
    box.focus();
    box.setSelectionRange(hole.index, hole.index + hole[0].length);
    return true;
  }

  document.addEventListener('input', e => { const form = formOf(e.target); if (form && e.target === area(form)) { look(form); tell(form); } });
  document.addEventListener('change', e => { const form = e.target.name === 'mode' && formOf(e.target); if (form) { close(); tell(form); } });
  document.addEventListener('desk:written', e => tell(e.target));
  ['htmx:afterSettle', 'desk:applied'].forEach(name => document.addEventListener(name, () => tell(document.querySelector('form[data-composer]'))));
  document.addEventListener('keydown', e => {
    if (!open || e.target !== area(open.form) || e.isComposing || e.ctrlKey || e.metaKey) return;
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (!by && !/^(Enter|Tab|Escape)$/.test(e.key)) return;
    e.preventDefault(); e.stopImmediatePropagation();
    if (by) { open.at = (open.at + by + open.items.length) % open.items.length; mark(); } else if (e.key === 'Escape') close(); else choose(open.at);
  }, true);
  document.addEventListener('submit', e => {
    const form = formOf(e.target), error = form && form.querySelector('[data-error]');
    if (!form || !fillIn(form)) return;
    e.preventDefault(); e.stopImmediatePropagation();
    error.textContent = desk.words('Fill in what is marked, or take it out.');
  }, true);
  document.addEventListener('focusout', e => { if (open && e.target === area(open.form)) close(); });
  document.addEventListener('click', e => {
    const button = e.target.closest('[data-offer]'), form = formOf(button);
    if (!form) return;
    const box = area(form), sign = button.dataset.offer.replace(':', ':s'), before = box.value.slice(0, box.selectionStart);
    box.focus();
    document.execCommand('insertText', false, (before && !/\s$/.test(before) ? ' ' : '') + sign);
  });

  tell(document.querySelector('form[data-composer]'));
  desk.saved = {
    find: async typed => {
      const form = document.querySelector('form[data-composer]'), word = typed.toLowerCase();
      if (!form) return [];
      return (await offersFor(form, '/', word)).slice(0, MOST).map(item => ({ group: desk.words('Saved replies'), icon: 'zap', title: item.title, hint: item.hint, put: () => put(form, item, 0) }));
    },
  };
})();
