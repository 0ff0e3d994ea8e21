/* The chat panel, last part: questions before a chat, codes, the rating, the menu, emoji, files, a sound; and its beginning. */
const press = (words, act, kind) => { const each = make`<button class="${kind || 'w-go'}" type="${act ? 'button' : 'submit'}">${words}</button>`; if (act) each.onclick = act; return each; };

/* A form: `fields` of {name, label, type, required, value}. What is wrong with an answer stands below it, said here or by the
   server, which refuses what it calls `what`. */
let refusing, proved;
function form(kind, what, parts, send) {
  const each = make`<form class="${kind}" novalidate></form>`;
  each.append(...parts);
  each.onsubmit = e => {
    e.preventDefault();
    const wrongs = [...each.querySelectorAll('.w-in')].filter(({ validity: { valid, valueMissing }, nextSibling }) => {
      nextSibling.textContent = valid ? '' : valueMissing ? w('needed') : w('whole');
      return !valid;
    });
    if (wrongs[0]) return wrongs[0].focus();
    refusing = { what, each };
    send(Object.fromEntries(new FormData(each)));
  };
  return each;
}
function wrong({ what, error }) {
  if (what === 'email') { address(me().email); change({ email: '' }); }
  if (refusing && refusing.what === what) [...refusing.each.querySelectorAll('.w-err')].pop().textContent = error;
  else if (what === 'copy') note(error);
}
function field({ name, label, fills, tag, required, value }) {
  const each = make`<div class="w-f"><label for="${name}">${label} </label></div>`, input = document.createElement(tag || 'input');
  if (!required) each.firstChild.append(make`<em>${w('optional')}</em>`);
  Object.assign(input, { id: name, name, className: 'w-in', required, value: value || '', maxLength: 4000, autocomplete: fills || 'off' });
  if (fills === 'email') input.type = fills;
  input.setAttribute('aria-describedby', name + '-wrong');
  each.append(input, make`<p class="w-err" id="${name}-wrong" role="alert"></p>`);
  return each;
}
const emailField = value => field({ name: 'email', label: w('email'), fills: 'email', required: true, value });

function screen(title, lead, what, parts, button, send, back) { // in the place of the messages and of where one writes
  const place = by('screen');
  place.replaceChildren();
  place.hidden = !title;
  log.hidden = composer.hidden = foot.hidden = !!title;
  if (!title) { grow(); bottom(); return; }
  place.append(form('w-body', what, [make`<h2 class="w-h">${title}</h2>`, make`<p class="w-lead">${lead}</p>`, ...parts, press(button), ...back ? [press(w('back'), back, 'w-more')] : []], send));
  const first = place.querySelector('.w-in');
  if (document.hasFocus()) first.focus();                    // what had it is hidden now
  return first;
}
function note(words) {
  const each = make`<p class="w-note" role="status">${words}</p>`;
  log.append(each); bottom();
  setTimeout(() => each.remove(), 8000);
}

/* ---- where to answer when they leave ---- */
function leave(email) { if (email) { change({ email }); say({ t: 'email', email }); } footer(); text.focus(); }
function footer() {
  const { email } = me();
  foot.replaceChildren((email ? w('leave_to', email) : w('leave_where')) + ' ', press(email ? w('change') : w('add'), () => address(email), 'w-link'));
}
function address(email) {
  const each = form('', 'email', [emailField(email), press(w('save'))], given => leave(given.email));
  each.onkeydown = e => { if (e.key === 'Escape') { e.preventDefault(); footer(); } };
  refusing = { what: 'email', each };
  foot.replaceChildren(each);
  by('email').focus();
}

/* ---- before the chat: what the company asks; whoever comes out of hours leaves a message ---- */
function begin() {
  const { away, ask: fields } = facts, { asked: wasAsked, email, draft } = me();
  if (wasAsked || !fields.length) return screen();
  const words = field({ name: 'message', label: away ? w('message') : w('question'), tag: 'textarea', required: true, value: draft });
  screen(away ? w('away_title') : w('ask_title'), away ? facts.away_words || w('away_lead') : w('ask_lead'), '',
    [...fields.map(each => field({ ...each, value: each.fills === 'email' && email })), words], away ? w('leave') : w('start'), given => {
      change({ draft: '' }); text.value = '';
      screen(); leave(given.email);                          // the address first: it comes with the message
      write(given.message, [], { name: given.name, fields: fields.filter(each => each.name[0] === 'q').map(each => [each.label, given[each.name]]) });
    });
  by('message').oninput = e => change({ draft: e.target.value }); // whatever happens to the form, the words stay
}

/* ---- a code that is mailed and typed: the address is theirs ---- */
function prove(then) {
  heeded.coded = frame => type(frame.email, then);
  screen(w('prove'), w('prove_lead'), 'code', [emailField(me().email)], w('mail_code'), ({ email }) => say({ t: 'code', email }), () => screen()).focus();
}
function type(email, then) {
  const input = screen(w('prove'), w('code_sent', email), 'prove', [field({ name: 'code', label: w('code'), fills: 'one-time-code', required: true })], w('confirm'), ({ code }) => {
    proved = () => { change({ email }); screen(); note(w('proved')); footer(); if (then) then(); };
    say({ t: 'prove', code });
  }, () => prove(then));
  input.inputMode = 'numeric';
  input.focus();
}

/* ---- at the end: it says so, and may be rated ---- */
function ending() {
  const old = by('end'), key = state.ended + state.may_rate;
  if (old && old.dataset.key === key) return log.lastChild === old || log.append(old);
  if (old) old.remove();
  if (!state.ended) return;
  const end = make`<div class="w-end" id="end" data-key="${key}"><p class="w-note">${w('ended')}</p></div>`;
  log.append(end);
  if (!state.may_rate || me().left === state.ended) return;
  const last = theirs().pop(), faces = make`<fieldset><legend class="w-h">${w('rate', last ? last.dataset.author : company)}</legend><div class="w-csat"></div></fieldset>`;
  w('faces').split(',').forEach((words, n) => faces.lastChild.append(make`<label><input class="vh" type="radio" name="score" value="${n + 1}" required><span aria-hidden="true">${['😞', '🙁', '😐', '🙂', '😍'][n]}</span>${words}</label>`));
  const card = make`<div class="w-card"></div>`;
  card.append(option(w('copy'), copy), option(w('go_on'), () => { change({ left: state.ended }); end.remove(); text.focus(); }));
  end.append(form('w-rate', 'rate', [faces, field({ name: 'comment', label: w('comment'), tag: 'textarea' }), press(w('send_rating'))], ({ score, comment }) => {
    heeded.rated = () => { emit('rating', { score: +score }); note(w('thanks')); };
    say({ t: 'rate', score: +score, comment });
  }), card);
}
function copy() {
  if (!me().proved) return prove(copy);
  heeded.copied = frame => note(w('copied', frame.email));
  say({ t: 'copy' });
}

/* ---- the menu, emoji: what opens them closes them again, and so do Escape and choosing ---- */
const option = (words, act) => press(words, act, 'w-opt');
function popup(button, kind, list) {
  const open = document.querySelector('.' + kind);
  button.setAttribute('aria-expanded', !open);
  button.focus();
  if (open) return open.remove();
  const each = make`<div class="w-pop ${kind}"></div>`, end = () => popup(button, kind);
  each.append(...list);
  each.onclick = end;
  each.onkeydown = e => { if (e.key === 'Escape') { e.preventDefault(); end(); } };
  button.after(each);
  each.firstChild.focus();
}
by('more').onclick = () => {
  const { sound } = me(), hasWritten = messages()[0], mails = facts.mails;
  popup(by('more'), 'w-menu', [
    ...mails && !me().proved ? [option(w('prove'), () => prove())] : [],
    ...mails && hasWritten ? [option(w('copy'), copy)] : [],
    option(sound ? w('sound_off') : w('sound_on'), () => { change({ sound: !sound }); if (!sound) ring(); }),
    ...hasWritten ? [option(w('erase'), () => write(w('erase'), [], { wish: 'erase' }))] : [],
  ]);
};
by('emoji').onclick = () => popup(by('emoji'), 'w-emoji', [...'😀😂🙂😉😍😎😢😡👍👎👏🙏❤🎉✅❓'].map(each => press(each, () => {
  text.setRangeText(each, text.selectionStart, text.selectionEnd, 'end');
  text.oninput();
}, 'w-ib')));

/* ---- files ---- */
async function attach(files) {
  for (const each of files) {
    const place = { filename: each.name, done: 0, error: each.size > facts.upload_bytes && w('too_big', facts.upload_bytes / 1e6) };
    uploads.push(place); paint(); bottom();
    if (place.error) continue;
    want();
    while (!me().token) await new Promise(done => setTimeout(done, 100));
    await upload(place, each);
    paint();
  }
}
function upload(place, content) {                          // fetch() tells nobody how far it is
  return new Promise(done => {
    const request = new XMLHttpRequest(), body = new FormData();
    body.append('file', content);
    request.open('POST', `${path}/uploads?lang=${root.lang}`);
    request.setRequestHeader('Authorization', 'Bearer ' + me().token);
    request.responseType = 'json';
    request.upload.onprogress = e => { place.done = Math.round(e.loaded / e.total * 100); paint(); };
    request.onloadend = () => {
      const { response, status: code } = request;
      if (code === 201) { uploads.splice(uploads.indexOf(place), 1); write('', [response]); } else place.error = response && response.detail || w('not_sent');
      done();
    };
    request.send(body);
  });
}
const files = by('files'), given = (e, from) => { if (from.files.length) { e.preventDefault(); attach([...from.files]); } };
by('attach').onclick = () => files.click();
files.onchange = e => { given(e, files); files.value = ''; };
text.onpaste = e => given(e, e.clipboardData);
document.ondragover = e => e.preventDefault();
document.ondrop = e => given(e, e.dataTransfer);

/* ---- a sound for a reply that comes while nobody looks; one tab makes it ---- */
function ring() {
  if (Date.now() - (me().rang || 0) < 2000) return;
  change({ rang: Date.now() });
  const audio = new AudioContext(), tone = audio.createOscillator(), volume = audio.createGain();
  tone.frequency.value = 660;
  volume.gain.value = .06;
  tone.connect(volume).connect(audio.destination);
  tone.start(); tone.stop(audio.currentTime + .2);
  tone.onended = () => audio.close();
}

/* ---- the beginning ---- */
by('expectation').textContent = facts.expectation;
by('expectation').className = facts.away ? 'w-away' : '';
home.append(make`<h2 class="w-h">${facts.greeting}</h2>`, make`<p class="w-lead">${facts.lead}</p>`, make`<div class="w-card"></div>`);
home.lastChild.append(...facts.topics.map(words => option(words, () => write(words))));
by('close').onclick = () => tell({ t: 'close' });
document.onkeydown = e => { if (e.key === 'Escape' && !e.defaultPrevented) tell({ t: 'close' }); };
text.value = me().draft || '';
look();
if (outbox()[0]) want();
grow(); paint(); footer(); bottom();
