/* The service worker: shows what is pushed, opens it when pressed, and says so when there is no network. It keeps an offline page
   and what that looks like, never a page with anybody's data, and answers nothing but a navigation that failed.

   A push is JSON {tag, title, body, url, alert: "hidden"|"always", unread, standing: [tags]} (web/pushing.py). What stands no
   longer was read elsewhere, and is put away. */
'use strict';
const KEPT = 'onethread-1', OFFLINE = '/offline', FILES = [OFFLINE, '/static/door.css', '/static/icon-192.png'];

addEventListener('install', e => {
  e.waitUntil(caches.open(KEPT).then(kept => kept.addAll(FILES)));
  skipWaiting();
});

addEventListener('activate', e => {
  e.waitUntil(caches.keys().then(names => Promise.all(names.filter(name => name !== KEPT).map(name => caches.delete(name)))));
});

addEventListener('fetch', e => {
  const { request } = e;
  if (request.mode !== 'navigate' || request.destination !== 'document' || request.method !== 'GET') return;
  e.respondWith(fetch(request).catch(() => caches.match(OFFLINE)));
});

addEventListener('push', e => { if (e.data) e.waitUntil(tell(e.data.json())); });

async function tell(told) {
  const standing = new Set(told.standing), shown = await registration.getNotifications();
  shown.forEach(one => { if (one.tag && !standing.has(one.tag)) one.close(); });
  if (navigator.setAppBadge) await (told.unread ? navigator.setAppBadge(told.unread) : navigator.clearAppBadge());
  const open = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  if (told.alert === 'hidden' && open.some(one => one.visibilityState === 'visible')) return;
  await registration.showNotification(told.title, { body: told.body, tag: told.tag, icon: '/static/icon-192.png', data: { url: told.url } });
}

addEventListener('notificationclick', e => {
  e.notification.close();
  e.waitUntil(open(new URL((e.notification.data || {}).url || '/', location.origin)));
});

async function open(url) {                                  // a tab that shows it already comes to the front
  if (url.origin !== location.origin) return;
  const windows = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  const there = windows.find(one => new URL(one.url).pathname === url.pathname);
  await (there ? there.focus() : clients.openWindow(url.href));
}
