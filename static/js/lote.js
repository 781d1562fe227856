// A file of students while it is being read, checked or saved; and a list that goes to the printer.

const caja = document.querySelector("[data-estado-url]");
const poner = (marca, texto) => {
  const nodo = caja.querySelector(marca);
  if (nodo.textContent !== texto) nodo.textContent = texto;
};

async function preguntar() {
  let pausa = 1000;
  try {
    const respuesta = await fetch(caja.dataset.estadoUrl, { headers: { Accept: "application/json" } });
    if (respuesta.status >= 500) throw new Error(respuesta.statusText);
    // Signed out, or not ours any more: the page itself says so.
    if (respuesta.redirected || !respuesta.ok) return location.reload();
    const { estado, texto, hechos, total } = await respuesta.json();
    if (!["recibido", "revisando", "confirmando"].includes(estado)) return location.reload();
    poner("[data-texto]", texto);
    poner("[data-hechos]", hechos.toLocaleString("es-MX"));
    poner("[data-total]", total.toLocaleString("es-MX"));
    const barra = caja.querySelector("progress");
    barra.max = Math.max(total, 1);
    barra.value = hechos;
  } catch {
    pausa = 5000; // no network, or the server is starting: it comes back
  }
  setTimeout(preguntar, pausa);
}
if (caja) preguntar();

for (const boton of document.querySelectorAll("[data-imprimir]")) {
  boton.hidden = false;
  boton.addEventListener("click", () => print());
}
