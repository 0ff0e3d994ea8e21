/* Settings → Notifications: lets the browser show notifications, asked for by a press and never on load, and tells the server where
   this device can be pushed to.

   #device[data-key=our public key]  its [data-allow] asks; [data-said=granted|denied|failed] say how it stands */
(function () {
  'use strict';
  const desk = window.desk, device = document.getElementById('device');
  if (!device || !('Notification' in window)) return;
  const button = device.querySelector('[data-allow]');

  function say(which) {
    device.querySelectorAll('[data-said]').forEach(el => { el.hidden = el.dataset.said !== which; });
    button.hidden = which === 'granted' || which === 'denied';
  }

  async function subscribe() {                             // where a browser has no push service, its own windows still tell
    const worker = await navigator.serviceWorker.ready;
    if (!worker.pushManager) return say('granted');
    const found = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: device.dataset.key });
    const { endpoint, keys } = found.toJSON(), body = new URLSearchParams({ endpoint, p256dh: keys.p256dh, auth: keys.auth });
    const answer = await fetch('/settings/notifications/devices', { method: 'POST', headers: desk.headers(), body });
    if (!answer.ok) throw new Error(answer.status);
    say('granted');
  }

  async function begin() {
    if (Notification.permission === 'denied') return say('denied');
    if (Notification.permission !== 'granted') return say('');
    try { await subscribe(); } catch (_) { say('failed'); }  // said on the page, with what works all the same
  }

  button.addEventListener('click', async () => { await Notification.requestPermission(); begin(); });
  begin();
})();
