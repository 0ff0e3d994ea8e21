/* The chat panel, second part: the messages, and what stands around them. Messages come as markup from the server, one element
   each; what depends on neighbours, on who looks, or on time is put on here, on load as on push. */
let read = 0, more, typedAt = 0, typingTimer;
const uploads = [], messages = kind => [...log.querySelectorAll('.w-m' + (kind || ''))], theirs = () => messages('[data-author]');
const icon = name => make`<svg class="i" aria-hidden="true"><use href="#${name}"/></svg>`;
const line = words => make`<p class="w-day">${words}</p>`;

function clear() { log.querySelectorAll('.w-m').forEach(each => each.remove()); }
function isAtEnd() { return log.scrollHeight - log.scrollTop - log.clientHeight < 80; }
function bottom() { log.scrollTop = log.scrollHeight; }
function draw(html, isOlder) {
  const wasAtEnd = isAtEnd() && !isOlder;
  let last;
  if (html && !me().asked) { change({ asked: 1 }); screen(); }
  for (const each of [...parse(html).children]) {
    const twin = by(each.id), { client, position, author } = each.dataset;
    if (client) settle(client);
    if (twin) { twin.replaceWith(each); continue; }
    log.insertBefore(each, messages().find(other => !other.id || other.dataset.position - position > 0) || by('end'));
    if (author && !isOlder) last = each;
  }
  paint();
  if (wasAtEnd) bottom();
  if (last) {
    typing();
    if (document.hidden && me().sound) ring();
    say({ t: 'received', message: theirs().pop().id.slice(2) });
    by('announce').textContent = last.dataset.author + ': ' + last.querySelector('.w-b').textContent.slice(0, 120);
  }
  seen(); unread();
}

function paint() {
  log.querySelectorAll('.w-day,.w-more,.w-m:not([id])').forEach(each => each.remove());
  for (const each of outbox()) local(each, each.error ? bad(each.error, w('again'), () => { settle(each.client_id, { error: null }); flush(); })
    : !isReady || retryAt > Date.now() || Date.now() - each.at > SLOW ? status(w('waiting')) : '');
  for (const each of uploads) local({ files: [each] }, each.error ? bad(each.error, w('remove'), () => uploads.splice(uploads.indexOf(each), 1)) : status(`${w('sending')} ${each.done} %`));
  const all = messages(), mine = messages('--me[id]').pop();
  home.hidden = all.length;
  let day, wrote;
  all.forEach((each, n) => {
    const { author, position, email } = each.dataset, at = dateOf(each), after = all[n + 1], tail = each.querySelector('.w-s');
    const isLast = !after || after.dataset.author !== author || dateOf(after) - at > 300000;
    if (day !== dayOf(at)) each.before(line(day = dayOf(at)));
    if (author && wrote && author !== wrote) each.before(line(w('joined', author)));
    wrote = author || wrote;
    each.classList.toggle('w-m--more', !isLast);
    if (!each.id || !tail) return;
    const [name, words] = email != null ? ['mail', author ? w('from_email') : w('by_email')]
      : author ? ['', isLast ? `${author}, ${at.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' })}` : '']
      : each === mine && read >= position ? ['check-check', w('seen')] : [];
    tail.hidden = !words;
    each.toggleAttribute('data-tail', !!words);
    tail.replaceChildren(name ? icon(name) : '', words || '');
  });
  if (more && all[0]) {
    const earlier = make`<button class="w-more">${w('earlier')}</button>`;
    earlier.onclick = () => say({ t: 'older', before: +all[0].dataset.position });
    log.prepend(earlier);
  }
  if (facts.usual && mine && mine === all[all.length - 1] && !me().email && Date.now() - dateOf(mine) > facts.usual * 3000) log.append(line(w('slow')));
  if (state.hands_over) log.append(line(state.to ? w('handing_to', state.by, state.to) : w('handing')));
  ending();
  head();
}
function dateOf(each) { return new Date(each.dataset.at); }
const locale = navigator.language.startsWith(root.lang) ? [] : root.lang;
function dayOf(at) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 864e5);
  return days > 1 ? at.toLocaleDateString(locale, { day: 'numeric', month: 'short', year: days > 300 ? 'numeric' : undefined }) : days ? w('yesterday') : w('today');
}
function local({ text: words, files, at }, below) {          // a message that the server has not drawn yet
  const each = make`<div class="w-m w-m--me"><div class="w-c"></div></div>`;
  each.dataset.at = new Date(at || Date.now()).toISOString();
  if (words) each.firstChild.append(make`<div class="w-b">${words}</div>`);
  for (const file of files) each.firstChild.append(make`<div class="w-b w-file"><svg class="i"><use href="#paperclip"/></svg><b>${file.filename}</b></div>`);
  each.firstChild.append(below);
  log.insertBefore(each, by('typing') || by('end'));
}
const status = (words, kind) => make`<p class="w-s ${kind || ''}">${words} </p>`;
function bad(words, label, act) {
  const each = status(words, 'w-s--bad'), button = make`<button>${label}</button>`;
  button.onclick = () => { act(); paint(); };
  each.append(button);
  return each;
}
function head() {
  const people = Object.values(Object.fromEntries(theirs().map(each => [each.dataset.author, each.dataset]))).slice(-3).reverse();
  by('title').textContent = people[0] ? `${people[0].author}, ${company}` : company;
  if (!people[0]) people.push({ initials: facts.initials, hue: 1 });
  by('faces').replaceChildren(...people.map(each => make`<span class="w-av w-av--${each.hue}" aria-hidden="true">${each.initials}</span>`));
}

/* ---- read, unread, typing ---- */
function seen() {
  const last = theirs().pop();
  if (!last || !isOpen || document.hidden) return;
  if (!(me().seen >= +last.dataset.position)) change({ seen: +last.dataset.position });
  if (!('read' in last.dataset) && !last.dataset.told) { last.dataset.told = 1; say({ t: 'seen', message: last.id.slice(2) }); }
  unread();
}
function unread() {
  const fresh = isOpen ? [] : theirs().filter(each => !(me().seen >= +each.dataset.position) && !('read' in each.dataset));
  tell({ t: 'unread', n: fresh.length, author: fresh.length && fresh.pop().dataset.author });
}
function signal(what) {
  if (what.read > read) { ({ read } = what); paint(); }
  if (what.typing) typing(what.typing.on, what.typing.name);
}
function typing(on, name) {
  clearTimeout(typingTimer);
  if (by('typing')) by('typing').remove();
  if (!on) return;
  const last = theirs().filter(each => each.dataset.author === name).pop(), { initials, hue } = last ? last.dataset : { initials: (name || '?')[0] };
  const bubble = make`<div class="w-m" id="typing" data-at="${new Date().toISOString()}"><span class="w-av w-av--s w-av--${hue}" aria-hidden="true">${initials}</span><div class="w-b w-typ"><span class="vh">${w('typing', name || company)}</span><i></i><i></i><i></i></div></div>`;
  const wasAtEnd = isAtEnd();
  log.insertBefore(bubble, by('end'));
  typingTimer = setTimeout(typing, 6000);
  if (wasAtEnd) bottom();
}
