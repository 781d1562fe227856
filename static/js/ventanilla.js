// A person at the counter: while a worker has something to do, ask; when the page has changed, bring it again.

const hoja = document.querySelector("[data-estado-url]");

async function preguntar() {
  let pausa = 800;
  try {
    const respuesta = await fetch(hoja.dataset.estadoUrl, { headers: { Accept: "application/json" } });
    if (respuesta.status >= 500) throw new Error(respuesta.statusText);
    // Signed out, or not ours any more: the page itself says so.
    if (respuesta.redirected || !respuesta.ok) return location.reload();
    const { huella } = await respuesta.json();
    if (huella !== hoja.dataset.huella) return location.replace(location.pathname);
  } catch {
    pausa = 5000; // no network, or the server is starting: it comes back
  }
  setTimeout(preguntar, pausa);
}
if (hoja) preguntar();
