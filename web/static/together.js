/* Working beside others: typing is claiming, the draft of whoever else writes, and who is here. Loaded after composer.js.

   #case-head-1042[data-assignee=""]  nobody has the open case: the first letters of a reply (form[data-composer], radio
                                      strand[data-case]) ask for it, POST /cases/1042/claim
   #writing a[data-drafts=URL]        leads to the draft of whoever writes, URL + the agent's id
   [data-label] in button[data-send=reply]  says "Send anyway" while somebody else writes
   [name=to][data-introduction]       what a customer is told of a handoff, put into textarea[name=introduction] until it is written in
   body[data-idle-after=ms]           for tests: a page that is left alone for 15 minutes says so, and when somebody is back
   [data-person=AGENT]                says "away" beside whoever is; [data-people] how many teammates are here,
                                      after their faces */
(function () {
  'use strict';
  const desk = window.desk, claimed = new Set();
  let writers = [];

  const form = () => document.querySelector('form[data-composer]');

  /* ---- typing is claiming ---- */
  function claim(box) {
    const composer = box.form, strand = composer.querySelector('[name="strand"]:checked'), mode = composer.querySelector('[name="mode"]:checked');
    const number = composer.elements.case.value, head = document.getElementById('case-head-' + number);
    if (!head || head.dataset.assignee !== '' || claimed.has(number) || !box.value.trim() || !strand || !mode || mode.value !== 'reply') return;
    if (strand.dataset.case && strand.dataset.case !== number) return;
    claimed.add(number);                                   // once: whoever takes it back does not want it
    fetch('/cases/' + number + '/claim', { method: 'POST', headers: desk.headers() }).then(answer => {
      const told = answer.headers.get('HX-Trigger');
      if (told) Object.entries(JSON.parse(told)).forEach(([name, detail]) => document.dispatchEvent(new CustomEvent(name, { detail })));
    }).catch(() => claimed.delete(number));                // no network: the next letter asks again
  }

  document.addEventListener('input', e => { if (e.target.matches('form[data-composer] textarea[name="text"]')) claim(e.target); });

  /* ---- somebody else writes ---- */
  function warn() {
    const composer = form(), link = document.querySelector('#writing [data-drafts]'), isGuarded = composer && composer.querySelector('[name="anyway"]');
    if (link && writers.length) link.href = link.dataset.drafts + writers[0].agent;
    if (!composer || isGuarded) return;
    composer.querySelectorAll('[data-send="reply"] [data-label]').forEach(el => {
      if (writers.length && !el.dataset.was) { el.dataset.was = el.textContent; el.textContent = desk.words('Send anyway'); }
      if (!writers.length && el.dataset.was) { el.textContent = el.dataset.was; delete el.dataset.was; }
    });
  }

  document.addEventListener('desk:writers', e => { writers = e.detail; warn(); });
  document.addEventListener('desk:written', () => setTimeout(warn));

  /* ---- what a customer is told of a handoff ---- */
  document.addEventListener('change', e => {
    const { introduction, to } = (e.target.form || {}).elements || {};
    if (!introduction || !to || !e.target.matches('[name="to"]')) return;
    if (introduction.value === introduction.defaultValue) introduction.value = introduction.defaultValue = e.target.dataset.introduction;   // a text of their own stays
  });

  /* ---- left alone for a quarter of an hour: away, until somebody is back; several pages of a person are put together by the server ---- */
  const LONG = +document.body.dataset.idleAfter || 15 * 60e3;
  let touched = Date.now(), idle = false;
  const tellIdle = on => { idle = on; if (desk.live) desk.live.send({ t: 'idle', on }); };
  const touch = () => { touched = Date.now(); if (idle) tellIdle(false); };
  ['pointerdown', 'pointermove', 'keydown', 'wheel', 'focus'].forEach(name => addEventListener(name, touch, { capture: true, passive: true }));
  setInterval(() => { if (!idle && Date.now() - touched >= LONG) tellIdle(true); }, Math.min(LONG, 15e3));
  document.addEventListener('desk:live', e => { if (e.detail && idle) tellIdle(true); });

  /* ---- who is here ---- */
  let people = { here: [], away: [] };
  function paint() {
    const others = people.here.filter(one => one.id !== document.body.dataset.agent);
    document.querySelectorAll('[data-people]').forEach(el => {
      el.textContent = others.length ? desk.count('%(number)s teammate is here', '%(number)s teammates are here', others.length) : desk.words('Nobody else is here');
      el.title = others.map(one => one.name).join(', ');
      const faces = Object.assign(document.createElement('span'), { className: 'stack', ariaHidden: 'true' }), was = el.previousElementSibling;
      faces.append(...others.slice(0, 3).map(one => Object.assign(document.createElement('i'), { className: 'av av--xs av--' + one.hue, textContent: one.initials })));
      if (was.matches('.stack')) was.remove();
      if (others.length) el.before(faces);
    });
    document.querySelectorAll('[data-person]').forEach(el => {
      if (people.away.includes(el.dataset.person)) el.dataset.away = desk.words('away'); else delete el.dataset.away;
    });
  }

  document.addEventListener('desk:people', e => { people = e.detail; paint(); });
  ['htmx:afterSettle', 'desk:applied'].forEach(name => document.addEventListener(name, paint));
})();
