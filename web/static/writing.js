/* What helps to write a mail: marks, preview, who will be reached, the signature, how large the files may be. Each part is
   there only where its elements are. Loaded last; composer.js sends and keeps.

   form[data-writing]
     textarea[name=text]
     [data-marks][hidden] > button[data-mark=bold|link|list|preview]      shown where this script runs
     [data-preview][hidden]             where the words appear as they will look (POST /previews {text} → HTML)
     [data-before="a@b c@d"]            fieldset of a strand: everybody on its newest mail; inputs to, cc (ticks), to_more, cc_more, bcc_more
       [data-reach]                     says who is new and who no longer receives it
       [data-unreached]                 nobody is known there: nothing can be sent until an address is written
     select[data-from] > option[data-signature][data-max-bytes]
     [data-signature] > div             the signature of the chosen mailbox
   body[data-opens-next]                after Resolve, Snooze and Spam, or a reply that puts its case aside, the next row of #rows opens; #thread[data-case] */
(function () {
  'use strict';
  const desk = window.desk;
  const SCHEME = 'https:' + '//';
  const ADDRESS = /[^\s,;<>]+@[^\s,;<>]+/g;
  const formOf = el => el && el.closest && el.closest('form[data-writing]');
  const area = form => form.querySelector('textarea[name="text"]');
  const enabled = form => [...form.querySelectorAll('[data-before]')].find(el => !el.disabled);
  const changed = box => box.dispatchEvent(new Event('input', { bubbles: true }));

  function begin() {
    document.querySelectorAll('form[data-writing]').forEach(form => {
      form.querySelectorAll('[data-marks]').forEach(el => { el.hidden = false; });
      followSender(form); reach(form);
    });
  }

  /* ---- marks: on what is selected, or where the caret stands; undo works, since the text is typed in ---- */
  function wrap(box, before, after) {
    const from = box.selectionStart, to = box.selectionEnd, chosen = box.value.slice(from, to);
    box.focus();
    put(box, before + chosen + after);
    box.setSelectionRange(from + before.length, from + before.length + chosen.length);
  }

  function put(box, text) {
    if (!document.execCommand('insertText', false, text)) { box.setRangeText(text); changed(box); }
  }

  function link(box) {
    const from = box.selectionStart, chosen = box.value.slice(from, box.selectionEnd), isAddress = /^(https?:\/\/|www\.)\S+$/.test(chosen);
    box.focus();
    put(box, isAddress ? '[](' + chosen + ')' : '[' + chosen + '](' + SCHEME + ')');
    const at = isAddress ? from + 1 : from + chosen.length + 3;
    box.setSelectionRange(at, isAddress ? at : at + 8);
  }

  function list(box) {
    const start = box.value.lastIndexOf('\n', box.selectionStart - 1) + 1, lines = box.value.slice(start, box.selectionEnd).split('\n');
    box.focus();
    box.setSelectionRange(start, box.selectionEnd);
    put(box, lines.map(line => (/^- /.test(line) ? line.slice(2) : '- ' + line)).join('\n'));
  }

  /* ---- what is pasted with marks keeps those that Markdown has: bold, italic, links, lists, code; the rest is text ---- */
  const AROUND = { B: '**', STRONG: '**', I: '*', EM: '*', CODE: '`' };
  const isBlock = tag => /^(P|DIV|H[1-6]|UL|OL|LI|TR|BLOCKQUOTE|PRE|TABLE|SECTION|ARTICLE)$/.test(tag);
  function marked(node) {
    if (node.nodeType === 3) return node.data.replace(/\s+/g, ' ');
    if (node.nodeType !== 1 || /^(SCRIPT|STYLE|HEAD|TEMPLATE|TITLE)$/.test(node.tagName)) return '';
    const tag = node.tagName, [, before, bare, after] = /^(\s*)([^]*?)(\s*)$/.exec([...node.childNodes].map(marked).join('')), href = node.getAttribute('href') || '';
    const sign = /font-weight: ?(normal|400)/.test(node.dataset.look) ? '' : AROUND[tag];      // a <b> around a whole page that is not bold
    if (tag === 'BR') return '\n';
    if (!bare) return isBlock(tag) ? '\n' : before;
    if (sign && !bare.includes('\n')) return before + sign + bare + sign + after;
    if (tag === 'A' && /^(https?|mailto):/.test(href) && !bare.includes('\n')) return before + (bare === href ? bare : '[' + bare + '](' + href.replace(/[()\s]/g, sign => '%' + sign.charCodeAt(0).toString(16)) + ')') + after;
    if (tag === 'LI') return '\n' + (node.parentNode.tagName === 'OL' ? [...node.parentNode.children].indexOf(node) + 1 + '. ' : '- ') + bare.replace(/\n+/g, '\n  ');
    if (tag === 'TD' || tag === 'TH') return bare + ' ';
    return isBlock(tag) ? '\n\n' + bare + '\n\n' : before + bare + after;
  }

  function paste(e) {
    const form = formOf(e.target), data = e.clipboardData, html = form && e.target === area(form) && !data.files.length && data.getData('text/html');
    if (!html || e.defaultPrevented) return;
    const page = new DOMParser().parseFromString(html.replace(/\sstyle\s*=/gi, ' data-look='), 'text/html');       // our policy would refuse styles, aloud
    if (!page.querySelector('a[href], b, strong, i, em, li, code')) return;
    e.preventDefault();
    put(e.target, marked(page.body).replace(/[ \t]+\n/g, '\n').replace(/\n[ \t]+(?![-\d ])/g, '\n').replace(/\n{3,}/g, '\n\n').trim());
  }
  document.addEventListener('paste', paste);

  const MARKS = { bold: box => wrap(box, '**', '**'), italic: box => wrap(box, '*', '*'), link, list };

  function mark(form, name) {
    if (name === 'preview') return preview(form);
    const box = area(form);
    if (box.hidden) return preview(form);
    MARKS[name](box);
  }

  async function preview(form) {
    const slot = form.querySelector('[data-preview]'), box = area(form), button = form.querySelector('[data-mark="preview"]');
    const open = slot.hidden;
    if (open) {
      const answer = await fetch('/previews', { method: 'POST', headers: desk.headers(), body: new URLSearchParams({ text: box.value }) }).catch(() => null);
      if (!answer || !answer.ok || answer.redirected) return;
      slot.innerHTML = await answer.text();
    }
    slot.hidden = !open; box.hidden = open;
    button.setAttribute('aria-pressed', open);
    (open ? slot : box).focus();
  }

  function closePreview(form) {
    const slot = form.querySelector('[data-preview]');
    if (!slot || slot.hidden) return;
    slot.hidden = true; area(form).hidden = false;
    form.querySelector('[data-mark="preview"]').setAttribute('aria-pressed', false);
  }

  /* ---- who is reached: said before it is sent ---- */
  function reach(form) {
    const part = enabled(form), says = part && part.querySelector('[data-reach]'), now = new Set();
    if (part) {
      part.querySelectorAll('[name="to"],[name="cc"]').forEach(tick => { if (tick.checked) now.add(tick.value); });
      part.querySelectorAll('[name$="_more"]').forEach(field => (field.value.match(ADDRESS) || []).forEach(one => now.add(one.toLowerCase())));
    }
    const isOff = Boolean(part) && 'unreached' in part.dataset && !now.size;
    form.querySelectorAll('[data-send="reply"], [name="then"], [name="later"]').forEach(button => { button.disabled = isOff; });
    if (!says) return;
    const before = part.dataset.before.split(' ').filter(Boolean), fresh = [...now].filter(one => !before.includes(one)), gone = before.filter(one => !now.has(one));
    const parts = [fresh.length ? desk.words('Will also receive this: %(names)s.', { names: fresh.join(', ') }) : '', gone.length ? desk.words('No longer receives this: %(names)s.', { names: gone.join(', ') }) : ''];
    says.textContent = 'unreached' in part.dataset ? '' : parts.filter(Boolean).join(' ');
  }

  /* ---- the mailbox it leaves from ---- */
  function followSender(form) {
    const from = [...form.querySelectorAll('select[data-from]')].find(el => !el.matches(':disabled')), slot = form.querySelector('[data-signature]:not(option)');
    const chosen = from && from.selectedOptions[0], signature = (chosen && chosen.dataset.signature) || '';
    if (slot) { slot.hidden = !signature; slot.lastElementChild.textContent = signature; }
    if (chosen && chosen.dataset.maxBytes) form.dataset.maxBytes = chosen.dataset.maxBytes;
  }

  /* ---- done with this one: the next of the list opens, for who has chosen so, and the toast says whose it is; the focus is on its
     row. Which it is, is looked up before anything is sent: what is done leaves the list as soon as it is ---- */
  let next = null;
  function lookAhead() {
    next = 'opensNext' in document.body.dataset && desk.lists ? desk.lists.nextRow() : null;
  }

  function openNext() {
    const name = next && next.querySelector('.row__n'), toast = document.querySelector('#toasts > :last-child > span');
    if (!next || !next.isConnected) return;
    if (name && toast) toast.append(' ' + desk.words('Next: %(name)s', { name: name.firstChild.textContent.trim() }));
    next.focus(); next.stays = true; next.click();
  }

  document.addEventListener('click', e => {
    const button = e.target.closest && e.target.closest('[data-mark]'), form = formOf(button);
    if (form) mark(form, button.dataset.mark);
  });
  document.addEventListener('keydown', e => {
    const form = formOf(e.target), key = e.key.toLowerCase();
    if (!form || !(e.ctrlKey || e.metaKey) || e.altKey || e.isComposing) return;
    const inText = e.target === area(form), name = e.shiftKey ? (key === 'p' && 'preview') || (inText && key === 'l' && 'link') : inText && { b: 'bold', i: 'italic' }[key];
    const act = e.shiftKey && ACTS[key];
    if (!(name && form.querySelector('[data-mark]')) && !act) return;
    e.preventDefault(); e.stopPropagation();
    if (name) mark(form, name); else act(form);
  }, true);
  document.addEventListener('keydown', e => {              // in an empty box: back to what one wrote last
    const form = formOf(e.target);
    if (e.key !== 'ArrowUp' || !form || e.target !== area(form) || e.target.value || e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
    const own = [...document.querySelectorAll('#log > .is-own')].pop(), way = own && own.querySelector('[data-edit], .msg__f [formaction$="/cancel"]');
    if (way) { e.preventDefault(); way.click(); }
  });

  /* ---- Ctrl and Shift: reply or note, the strand, a file ---- */
  const ACTS = {
    n: form => { const other = form.querySelector('[name="mode"]:not(:checked)'); if (other) other.click(); },
    c: form => { const via = form.querySelector('summary.via'); if (via) { via.click(); (form.querySelector('[name="strand"]:checked') || via).focus(); } },
    a: form => { const file = form.querySelector('[data-attach]'); if (file) file.click(); },
  };
  document.addEventListener('input', e => { const form = formOf(e.target); if (form) reach(form); });
  document.addEventListener('change', e => {
    const form = formOf(e.target);
    if (!form) return;
    if (e.target.name === 'strand' || e.target.matches('[data-from]')) followSender(form);
    if (e.target.name === 'strand' || e.target.type === 'checkbox') reach(form);
    if (e.target.name === 'mode') closePreview(form);
  });
  document.addEventListener('desk:written', e => {         // it has left: what was chosen for it alone is forgotten
    const form = e.target;
    form.querySelectorAll('[name$="_more"],[name="send_at"]').forEach(field => { field.value = ''; });
    form.querySelectorAll('.comp__d[open],.menu[open]').forEach(part => { part.open = false; });
    closePreview(form); reach(form);
    if (/^(resolve|tomorrow|reply)$/.test(e.detail.then)) setTimeout(openNext);      // the toast comes with the answer's headers
  });
  document.addEventListener('submit', e => { if (formOf(e.target)) lookAhead(); });
  const leavesList = e => {
    const thread = document.getElementById('thread'), [, number, what] = /^\/cases\/(\d+)\/(resolution|snooze|spam)$/.exec(e.detail.requestConfig.path) || [];
    return Boolean(thread && what) && number === thread.dataset.case;
  };
  document.addEventListener('htmx:beforeRequest', e => {   // asked of the request itself: a push may take the pressed button away before its answer comes
    const { xhr } = e.detail;
    if (!leavesList(e)) return;
    lookAhead();
    xhr.addEventListener('loadend', () => { if (xhr.status >= 200 && xhr.status < 300 && leavesList(e)) openNext(); });
  });
  ['htmx:afterSettle', 'desk:applied'].forEach(name => document.addEventListener(name, begin));
  begin();
})();
