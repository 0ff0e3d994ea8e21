/* What the chat panel rarely needs, fetched when it does: questions before a chat, codes, ratings, the menu, emoji, sound.
   `chat` is what web/static/panel.js lends. */
window.screens = chat => {
  'use strict';
  const { facts, w, by, node, me, change, say, write, screen, heeded, uploads, text, log } = chat;
  Object.assign(facts.words, $WORDS$);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync($STYLE$);
  document.adoptedStyleSheets = [sheet];
  const ICONS = {
    bell: 'M10.3 21a2 2 0 0 0 3.4 0M6 8a6 6 0 0 1 12 0c0 7 3 9 3 9H3s3-2 3-9', 'message-circle': 'M7.9 20A9 9 0 1 0 4 16.1L2 22Z',
    mail: 'm22 7-10 6L2 7M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Z', 'trash-2': 'M3 6h18M19 6v14a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V6M8 6V4a2 2 0 0 1 2-2h4a2 2 0 0 1 2 2v2M10 11v6M14 11v6',
  };
  const FACES = ['😞', '🙁', '😐', '🙂', '😍'];
  const EMOJI = [...'😀😂🙂😉😍😎😢😡👍👎👏🙏💪❤🎉✨🔥✅❌❓⏰📦🚚💡'];
  let number = 0;

  function make(tag, className, words, ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (words) element.textContent = words;
    element.append(...children);
    return element;
  }
  function button(words, act, className = 'w-go') {
    const element = make('button', className, words);
    element.type = act ? 'button' : 'submit';
    if (act) element.onclick = act;
    return element;
  }
  function field(label, isOptional, tag = 'input') {
    const input = make(tag, 'w-in'), words = make('label', '', label + ' '), id = 'field' + ++number;
    input.id = words.htmlFor = id;
    if (isOptional) words.append(make('em', '', w('optional')));
    const place = make('div', 'w-f', '', words, input);
    place.wrong = said => {
      const old = place.querySelector('.w-err');
      if (old) old.remove();
      input.removeAttribute('aria-invalid');
      if (!said) return;
      const line = make('p', 'w-err', said);
      line.id = id + '-wrong'; line.setAttribute('role', 'alert');
      input.setAttribute('aria-invalid', 'true'); input.setAttribute('aria-describedby', line.id);
      place.append(line);
    };
    return [place, input];
  }
  function form(title, lead, ...parts) {
    const element = make('form', 'w-body', '', make('h2', 'w-h', title), ...lead ? [make('p', 'w-lead', lead)] : [], ...parts);
    element.noValidate = true;
    return element;
  }
  function note(words) {
    const line = make('p', 'w-note', words);
    line.setAttribute('role', 'status');
    log.append(line); log.scrollTop = log.scrollHeight;
    setTimeout(() => line.remove(), 8000);
  }
  function answer(kinds, place) {                          // what the server says to what was sent last
    for (const kind in kinds) heeded[kind] = frame => { kinds[kind](frame); };
    heeded.refused = frame => { if (frame.what === place.what) place.wrong(frame.error); };
  }

  function faulty(email) { return !/^\S+@\S+$/.test(email) ? w('whole') : !/@.+\..+/.test(email) ? w('dot') : ''; }

  /* ---- where to answer when they leave ---- */
  function address(error, typed) {
    const [place, input] = field(w('email')), sheet = make('form', '', '', place, button(w('save')));
    sheet.noValidate = true;
    place.firstChild.className = 'vh'; place.firstChild.htmlFor = input.id = 'email';
    input.type = input.autocomplete = 'email'; input.placeholder = w('sample'); input.value = typed || me().email || '';
    sheet.onsubmit = e => {
      e.preventDefault();
      const email = input.value.trim(), wrong = faulty(email);
      place.wrong(wrong);
      if (wrong) return input.focus();
      change({ email }); say({ t: 'email', email }); chat.footer(); text.focus();
    };
    input.onkeydown = e => { if (e.key === 'Escape') { e.preventDefault(); chat.footer(); } };
    chat.foot.replaceChildren(sheet);
    place.wrong(error);
    input.focus();
  }

  /* ---- files ---- */
  async function attach(files) {
    for (const file of files) {
      const place = { file, done: 0, words: file.size > facts.upload_bytes ? w('too_big', Math.floor(facts.upload_bytes / 1e6)) : '' };
      uploads.push(place); chat.paint(); chat.bottom();
      if (place.words) continue;
      chat.want();
      for (let n = 0; !me().token && n < 100; n++) await new Promise(done => setTimeout(done, 100));
      try {
        const told = await upload(place);
        uploads.splice(uploads.indexOf(place), 1);
        write('', [told]);
      } catch (error) { place.words = error.message; chat.paint(); }
    }
  }
  function upload(place) {                                 // fetch() tells nobody how far it is
    return new Promise((done, fail) => {
      const request = new XMLHttpRequest(), body = new FormData();
      body.append('file', place.file, place.file.name);
      request.open('POST', chat.path + '/uploads');
      request.setRequestHeader('Authorization', 'Bearer ' + me().token);
      request.upload.onprogress = e => { place.done = Math.round(e.loaded / e.total * 100); chat.paint(); };
      request.onerror = () => fail(new Error(w('not_sent')));
      request.onload = () => { const told = JSON.parse(request.responseText || '{}'); if (request.status < 300) done(told); else fail(new Error(told.detail || w('not_sent'))); };
      request.send(body);
    });
  }

  /* ---- before the chat: what the company asks; whoever comes out of hours leaves a message ---- */
  function questions() {
    const asked = facts.ask.slice(), fields = [];
    if (facts.away && !asked.some(each => each.name === 'email')) asked.push({ name: 'email', label: w('email'), required: true });
    const all = asked.map(each => {
      const [place, input] = field(each.label, !each.required && !(facts.away && each.name === 'email'));
      if (each.name === 'email') { input.type = input.autocomplete = 'email'; input.value = me().email || ''; }
      if (each.name === 'name') input.autocomplete = 'name';
      fields.push({ ...each, place, input, required: each.required || facts.away && each.name === 'email' });
      return place;
    });
    const [place, words] = field(facts.away ? w('message') : w('question'), false, 'textarea');
    words.rows = 4; words.maxLength = 4000; words.value = chat.draft || '';
    words.oninput = () => { chat.draft = words.value; };  // whatever happens to the form, the words stay
    const sheet = form(facts.away ? w('away_title') : w('ask_title'), facts.away ? facts.away_words || w('away_lead') : w('ask_lead'), ...all, place, button(facts.away ? w('leave') : w('start')));
    sheet.onsubmit = e => {
      e.preventDefault();
      const said = fields.map(each => [each, each.input.value.trim()]);
      let first = null;
      const judge = (at, input, wrong) => { at.wrong(wrong); if (wrong && !first) first = input; };
      for (const [each, value] of said) judge(each.place, each.input, !value ? each.required ? w('needed') : '' : each.name === 'email' ? faulty(value) : '');
      judge(place, words, words.value.trim() ? '' : w('needed'));
      if (first) return first.focus();
      const [, email] = said.find(([each]) => each.name === 'email') || [], [, name] = said.find(([each]) => each.name === 'name') || [];
      const rest = said.filter(([each, value]) => value && each.name !== 'email' && each.name !== 'name').map(([each, value]) => [each.label, value]);
      if (email) { change({ email }); say({ t: 'email', email }); }
      chat.draft = ''; text.value = '';
      screen(null);
      write(words.value.trim(), [], { name, fields: rest });
      chat.footer(); text.focus();
    };
    screen(sheet);
  }

  /* ---- a code that is mailed and typed: the address is theirs ---- */
  function prove(then) {
    const [place, email] = field(w('email')), back = button(w('back'), () => screen(null), 'w-more');
    email.type = email.autocomplete = 'email'; email.value = me().email || '';
    const sheet = form(w('prove'), w('prove_lead'), place, button(w('mail_code')), back);
    sheet.onsubmit = e => {
      e.preventDefault();
      const wrong = faulty(email.value.trim());
      place.wrong(wrong);
      if (wrong) return email.focus();
      place.what = 'code';
      answer({ coded: frame => type(frame.email, then) }, place);
      say({ t: 'code', email: email.value.trim() });
    };
    screen(sheet);
    email.focus();
  }
  function type(email, then) {
    const [place, code] = field(w('code')), back = button(w('back'), () => prove(then), 'w-more');
    code.inputMode = 'numeric'; code.autocomplete = 'one-time-code'; code.maxLength = 9;
    const sheet = form(w('prove'), w('code_sent', email), place, button(w('confirm')), back);
    sheet.onsubmit = e => {
      e.preventDefault();
      if (!/\d/.test(code.value)) { place.wrong(w('needed')); return code.focus(); }
      place.what = 'prove';
      answer({ ready: frame => { if (!frame.proved) return; delete heeded.ready; change({ email }); screen(null); note(w('proved')); chat.footer(); if (then) then(); } }, place);
      say({ t: 'prove', code: code.value });
    };
    screen(sheet);
    code.focus();
  }

  /* ---- at the end ---- */
  function rating(end, who) {
    const faces = make('div', 'w-csat'), legend = make('legend', 'w-h', w('rate', who)), [place, comment] = field(w('comment'), true, 'textarea');
    const sheet = make('form', 'w-rate', '', make('fieldset', '', '', legend, faces), place, button(w('send_rating')));
    w('faces').split(',').forEach((words, i) => {
      const input = make('input', 'vh');
      input.type = 'radio'; input.name = 'score'; input.value = i + 1; input.required = true;
      const face = make('span', '', FACES[i]);
      face.setAttribute('aria-hidden', 'true');
      faces.append(make('label', '', '', input, face, words));
    });
    sheet.onsubmit = e => {
      e.preventDefault();
      const score = +new FormData(sheet).get('score');
      place.what = 'rate';
      answer({ rated: () => { chat.tellHost({ t: 'event', name: 'rating', detail: { score } }); note(w('thanks')); } }, place);
      say({ t: 'rate', score, comment: comment.value.trim() });
    };
    const card = make('div', 'w-card', '', option('mail', w('copy'), copy), option('message-circle', w('go_on'), () => { change({ left: chat.state.ended }); sheet.remove(); card.remove(); text.focus(); }));
    end.append(sheet, card);
    log.scrollTop = log.scrollHeight;
  }
  function copy() {
    if (!me().proved) return prove(copy);
    answer({ copied: frame => note(w('copied', frame.email)) }, { what: 'copy', wrong: note });
    say({ t: 'copy' });
  }

  /* ---- the menu ---- */
  function option(icon, words, act) {
    const element = button('', act, 'w-opt');
    element.append(node(`<svg class="i i--s" viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[icon]}"/></svg>`), make('span', '', words));
    return element;
  }
  function menu() {
    const open = by('menu'), press = by('more'), end = () => { by('menu').remove(); press.setAttribute('aria-expanded', 'false'); press.focus(); };
    if (open) return end();
    const hasWritten = Boolean(log.querySelector('.w-m')), list = make('div', 'w-card w-menu');
    const add = (icon, words, act) => list.append(option(icon, words, () => { end(); act(); }));
    list.id = 'menu';
    if (facts.mails && !me().proved) add('mail', w('prove'), () => prove());
    if (facts.mails && hasWritten) add('mail', w('copy'), copy);
    add('bell', me().sound ? w('sound_off') : w('sound_on'), () => { change({ sound: !me().sound }); if (me().sound) ring(); });
    if (hasWritten) add('trash-2', w('erase'), () => write(w('erase_message')));
    list.onkeydown = e => { if (e.key === 'Escape') { e.preventDefault(); end(); } };
    press.setAttribute('aria-expanded', 'true');
    press.after(list);
    list.firstChild.focus();
  }
  function emoji() {
    const open = by('faces-list'), press = by('emoji'), end = () => { by('faces-list').remove(); press.setAttribute('aria-expanded', 'false'); text.focus(); };
    if (open) return end();
    const list = make('div', 'w-emoji');
    list.id = 'faces-list';
    for (const each of EMOJI) list.append(button(each, () => { text.setRangeText(each, text.selectionStart, text.selectionEnd, 'end'); text.dispatchEvent(new Event('input')); end(); }, 'w-ib'));
    list.onkeydown = e => { if (e.key === 'Escape') { e.preventDefault(); end(); } };
    press.setAttribute('aria-expanded', 'true');
    by('composer').before(list);
    list.firstChild.focus();
  }

  /* ---- a sound for a reply that comes while nobody looks; one tab makes it ---- */
  function ring() {
    if (Date.now() - (me().rang || 0) < 2000) return;
    change({ rang: Date.now() });
    const audio = new AudioContext(), tone = audio.createOscillator(), volume = audio.createGain();
    tone.frequency.value = 660;
    volume.gain.setValueAtTime(0.08, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.35);
    tone.connect(volume).connect(audio.destination);
    tone.start(); tone.stop(audio.currentTime + 0.4);
    tone.onended = () => audio.close();
  }

  return { questions, prove, rating, menu, emoji, ring, attach, address };
};
