// Comforts for pages that already work without any of this: copying, listening, colonias, live progress.

const uno = (selector, en = document) => en.querySelector(selector);
const todos = (selector, en = document) => [...en.querySelectorAll(selector)];
const pausa = (ms) => new Promise((listo) => setTimeout(listo, ms));

/** Say something politely to whoever listens to the page. */
function decir(texto) {
  const voz = uno("[data-voz]");
  if (voz) voz.textContent = texto.replace(/\s+/g, " ").trim();
}

// What has just happened comes first: the errors of a form, or the answer to a button.
(uno(".resumen-errores") ?? uno(".mensajes"))?.focus();

// Copying needs a secure page; elsewhere its buttons stay hidden.
if (navigator.clipboard) {
  for (const boton of todos("[data-copiar]")) {
    const rotulo = uno("span", boton);
    const original = rotulo.textContent;
    boton.hidden = false;
    boton.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(document.getElementById(boton.dataset.copiar).textContent);
        rotulo.textContent = "Copiado";
        decir("Copiado");
      } catch {
        rotulo.textContent = "No se pudo copiar";
      }
      await pausa(2500);
      rotulo.textContent = original;
    });
  }
}

// The letters, heard here instead of downloaded.
for (const enlace of todos("[data-audio]")) {
  const boton = document.createElement("button");
  const audio = new Audio();
  boton.type = "button";
  boton.className = enlace.className;
  boton.append(...enlace.childNodes);
  boton.addEventListener("click", () => {
    audio.src = enlace.href;
    audio.play().catch(() => {
      enlace.append(...boton.childNodes);
      boton.replaceWith(enlace);
    });
  });
  enlace.replaceWith(boton);
}

/** The address: five digits bring the municipio, the entidad and the list of colonias. */
function colonias(cp) {
  const campo = uno("[data-colonia]");
  const pista = uno(".pista", campo);
  const bandera = uno("[name=colonia_no_listada]", campo);
  const boton = (valor) => uno(`[name=buscar_cp][value="${valor}"]`);
  const lugar = uno("[data-lugar]");
  const sinLugar = uno("[data-sin-lugar]");
  let cargado = cp.dataset.cargado;
  let lista = [];
  boton("1").hidden = true;

  const codigo = () => cp.value.replace(/\s/g, "");
  const plegar = (texto) => texto.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();

  function perdonar(nombre) {
    const error = document.getElementById(`error_${nombre}`);
    error?.closest(".campo").classList.remove("mal");
    error?.remove();
    document.getElementById(`id_${nombre}`).removeAttribute("aria-invalid");
  }

  function poner(control) {
    const anterior = document.getElementById("id_colonia");
    control.id = "id_colonia";
    control.name = "colonia";
    control.className = anterior.className;
    anterior.replaceWith(control);
    perdonar("colonia");
    boton("otra").hidden = control.localName !== "select";
    boton("lista").hidden = bandera.value !== "1" || !lista.length;
    pista.hidden = control.localName === "select";
    pista.textContent = bandera.value ? pista.dataset.otra : pista.dataset.antes;
  }

  function elegir() {
    const anterior = document.getElementById("id_colonia");
    const escrita = plegar(anterior.value);
    const nombres = lista.map(({ nombre }) => nombre);
    const select = document.createElement("select");
    select.append(new Option("Elige tu colonia", ""));
    for (const { id, nombre, tipo } of lista) {
      const repetido = nombres.indexOf(nombre) !== nombres.lastIndexOf(nombre);
      const suya = escrita !== "" && (plegar(nombre) === escrita || String(id) === escrita);
      select.append(new Option(repetido ? `${nombre} (${tipo})` : nombre, id, false, suya));
    }
    bandera.value = "";
    poner(select);
  }

  function escribir() {
    const anterior = document.getElementById("id_colonia");
    const texto = document.createElement("input");
    texto.type = "text";
    texto.autocomplete = "address-level3";
    texto.spellcheck = false;
    texto.setAttribute("aria-describedby", "pista_colonia");
    texto.value = anterior.localName === "input" ? anterior.value : "";
    poner(texto);
  }

  /** Bring the list of a code; false when it could not be had. */
  async function traer(cual) {
    try {
      const respuesta = await fetch(cp.dataset.codigos.replace("00000", cual));
      const datos = await respuesta.json();
      if (codigo() !== cual) return true; // something else has been typed since
      cargado = cual;
      lista = datos.colonias ?? [];
      lugar.hidden = !respuesta.ok;
      sinLugar.hidden = respuesta.ok;
      perdonar("codigo_postal");
      if (respuesta.ok) {
        uno("b", lugar).textContent = `${datos.municipio.nombre}, ${datos.entidad.nombre}`;
      } else {
        uno("span", sinLugar).textContent = `${datos.error} Revísalo.`;
        decir(sinLugar.textContent);
      }
      return true;
    } catch {
      boton("1").hidden = false; // the page's own way still works
      return false;
    }
  }

  async function buscar() {
    const cual = codigo();
    if (cual === cargado) return;
    lugar.hidden = sinLugar.hidden = true;
    if (!/^\d{5}$/.test(cual)) {
      cargado = "";
      return;
    }
    if (!(await traer(cual)) || cargado !== cual) return;
    if (lista.length) elegir();
    else {
      bandera.value = lugar.hidden ? "" : "1";
      escribir();
    }
    if (!lugar.hidden) decir(`${uno("b", lugar).textContent}. Colonias en la lista: ${lista.length}.`);
  }

  cp.addEventListener("input", buscar);
  boton("otra").addEventListener("click", (evento) => {
    evento.preventDefault();
    bandera.value = "1";
    escribir();
    boton("lista").hidden = false;
    document.getElementById("id_colonia").focus();
  });
  boton("lista").addEventListener("click", async (evento) => {
    evento.preventDefault();
    if (!lista.length) await traer(codigo());
    if (!lista.length) return;
    elegir();
    document.getElementById("id_colonia").focus();
  });
  buscar();
}
if (uno("[data-codigos]")) colonias(uno("[data-codigos]"));

/** Bring this page again and put in place what has changed in its live parts. */
async function refrescar() {
  const respuesta = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  const nueva = new DOMParser().parseFromString(await respuesta.text(), "text/html");
  if (uno("main", nueva)?.dataset.pantalla !== uno("main").dataset.pantalla) return location.reload();
  for (const zona of todos("[data-vivo]")) {
    const otra = uno(`[data-vivo="${zona.dataset.vivo}"]`, nueva);
    if (!otra || otra.innerHTML === zona.innerHTML) continue;
    zona.replaceWith(otra);
    decir(todos("[data-decir]", otra).at(-1)?.textContent ?? "");
  }
}

/** While a worker or the mail has something to do: ask, more and more slowly, and show it as it comes. */
async function seguir(main) {
  let visto = "";
  for (let vuelta = 0; main.dataset.estado || uno("[data-pendiente]"); vuelta++) {
    const despacio = !main.dataset.estado || uno("[data-espera]");
    await pausa(Math.min(400 * 1.3 ** vuelta, despacio ? 10_000 : 3000));
    try {
      if (main.dataset.estado) {
        const respuesta = await fetch(main.dataset.estado);
        const texto = await respuesta.text();
        if (JSON.parse(texto).pantalla !== main.dataset.pantalla) return location.reload();
        if (texto === visto) continue;
        visto = texto;
      }
      await refrescar();
    } catch {
      visto = ""; // without a network, or the server is starting: the trámite goes on, and so do we
    }
  }
}
seguir(uno("main"));

/** A document that was asked for a moment too soon. */
async function reintentar() {
  for (let vuelta = 0; vuelta < 60; vuelta++) {
    await pausa(2000);
    const respuesta = await fetch(location.href, { method: "HEAD" }).catch(() => null);
    if (respuesta && respuesta.status !== 503) return location.reload();
  }
}
if (uno("[data-reintentar]")) reintentar();
