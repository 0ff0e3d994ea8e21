/* Settings → Notifications: lets the browser show notifications, asked for by a press and never on load, and tells the server where
   this device can be pushed to.

   #device[data-key=our public key][data-known=SHA-256 of the addresses that are pushed to]  its [data-allow] asks, and
     [data-said=granted|denied|failed] say how it stands. A device that was stopped from elsewhere gives its address up */
(function () {
  'use strict';
  const desk = window.desk, device = document.getElementById('device');
  if (!device || !('Notification' in window) || !('serviceWorker' in navigator)) return;
  const button = device.querySelector('[data-allow]');

  function say(which) {
    device.querySelectorAll('[data-said]').forEach(el => { el.hidden = el.dataset.said !== which; });
    button.hidden = which === 'granted' || which === 'denied';
  }

  async function isKnown(found) {
    const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(found.endpoint)));
    return device.dataset.known.split(' ').includes([...sum].map(byte => byte.toString(16).padStart(2, '0')).join(''));
  }

  async function begin() {
    if (Notification.permission !== 'granted') return say(Notification.permission);
    const { pushManager } = await navigator.serviceWorker.ready, found = pushManager && await pushManager.getSubscription();
    if (!pushManager || (found && await isKnown(found))) return say('granted');  // without a push service its own windows still tell
    if (found) await found.unsubscribe();
    say('');
  }

  async function subscribe() {
    const { pushManager } = await navigator.serviceWorker.ready;
    const found = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: device.dataset.key });
    const { endpoint, keys } = found.toJSON(), body = new URLSearchParams({ endpoint, p256dh: keys.p256dh, auth: keys.auth });
    const answer = await fetch('/settings/notifications/devices', { method: 'POST', headers: desk.headers(), body });
    if (!answer.ok) throw new Error(answer.status);
    location.reload();
  }

  button.addEventListener('click', async () => {
    if (await Notification.requestPermission() !== 'granted') return begin();
    try { await subscribe(); } catch (_) { say('failed'); }  // said on the page, with what works all the same
  });
  begin();
})();
