{% autoescape off %}// Keeps the shell of the App, which is nobody's, and nothing else. What is not in this
// list goes to the network and is not kept, so no answer of the API is ever in a cache.
const VERSION = "concha-" + {{ version }};
const CONCHA = {{ concha }};

self.addEventListener("install", (evento) => {
  const guardar = async () => {
    const cache = await caches.open(VERSION);
    await cache.addAll(CONCHA.map((cual) => new Request(cual, { cache: "reload", credentials: "omit" })));
    await self.skipWaiting();
  };
  evento.waitUntil(guardar());
});

self.addEventListener("activate", (evento) => {
  const limpiar = async () => {
    const viejas = (await caches.keys()).filter((cual) => cual.startsWith("concha-") && cual !== VERSION);
    await Promise.all(viejas.map((cual) => caches.delete(cual)));
    await self.clients.claim();
  };
  evento.waitUntil(limpiar());
});

self.addEventListener("fetch", (evento) => {
  const cual = new URL(evento.request.url);
  const nuestra = cual.origin === self.location.origin && CONCHA.includes(cual.pathname);
  if (evento.request.method !== "GET" || !nuestra) return;
  const responder = async () => (await caches.match(cual.pathname, { cacheName: VERSION })) ?? fetch(evento.request);
  evento.respondWith(responder());
});
{% endautoescape %}
