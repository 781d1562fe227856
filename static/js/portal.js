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

// Half an hour before the session ends, the page says so, and how to go on.
const aviso = uno("[data-termina]");
if (aviso) {
  const mostrar = () => (aviso.hidden = false);
  setTimeout(mostrar, Math.max(0, new Date(aviso.dataset.termina) - Date.now() - 30 * 60_000));
}

for (const boton of todos("[data-imprimir]")) {
  boton.hidden = false;
  boton.addEventListener("click", () => print());
}

// The letters, heard here instead of downloaded.
for (const enlace of todos("[data-audio]")) {
  const boton = document.createElement("button");
  const audio = new Audio();
  boton.type = "button";
  boton.className = enlace.className;
  boton.append(...enlace.childNodes);
  const falla = uno("[data-sin-audio]", enlace.closest(".captcha"));
  boton.addEventListener("click", async () => {
    falla.hidden = true;
    audio.src = enlace.href;
    try {
      await audio.play();
    } catch (error) {
      if (error.name === "AbortError") return; // pressed again before it sounded
      const respuesta = await fetch(enlace.href).catch(() => null);
      const vencidas = respuesta?.status === 410 || respuesta?.status === 404;
      uno("span", falla).textContent = vencidas
        ? "Estas letras ya vencieron. Pide otra imagen."
        : "No pudimos reproducir el audio. Inténtalo otra vez o pide otra imagen.";
      falla.hidden = false;
      decir(falla.textContent);
    }
  });
  enlace.replaceWith(boton);
}

/** An error that no longer holds: gone from beside its field, from the summary and, the last one, from the title. */
function perdonar(nombre) {
  const control = document.getElementById(`id_${nombre}`);
  const error = document.getElementById(`error_${nombre}`);
  error?.closest(".campo").classList.remove("mal");
  error?.remove();
  control.removeAttribute("aria-invalid");
  const descrito = control.getAttribute("aria-describedby")?.split(/\s+/).filter((id) => document.getElementById(id));
  if (descrito) control.setAttribute("aria-describedby", descrito.join(" "));
  const resumen = uno(".resumen-errores");
  uno(`a[href="#id_${nombre}"]`, resumen ?? document)?.closest("li")?.remove();
  const quedan = resumen ? todos("li", resumen).length : 0;
  if (resumen && !quedan) {
    resumen.remove();
    document.title = document.title.replace(/^Error: /, "");
  } else if (resumen) {
    uno("h2", resumen).lastChild.textContent =
      quedan === 1 ? "Revisa un dato para continuar" : `Revisa ${quedan} datos para continuar`;
  }
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
  let elegida = ""; // the id last chosen from a list
  let escrita = ""; // the text last typed: nothing typed is lost while the list comes and goes
  const filtro = uno("#filtro_colonia");
  const cuantas = uno("[data-cuantas]");
  let opciones = []; // of the list that stands, all of them, while it is long enough to be searched
  let pendiente;
  boton("1").hidden = true;

  const codigo = () => cp.value.replace(/\s/g, "");
  const plegar = (texto) => texto.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
  const control = () => document.getElementById("id_colonia");
  const enLista = () => control().localName === "select";

  function avisar(texto) {
    uno("span", sinLugar).textContent = texto;
    sinLugar.hidden = false;
    decir(texto);
  }

  /** What stands beside the field, in either of its two shapes. */
  function rotular() {
    boton("otra").hidden = !enLista();
    boton("lista").hidden = enLista() || !lista.length;
    pista.hidden = enLista();
    pista.textContent = bandera.value ? pista.dataset.otra : pista.dataset.antes;
    ofrecer();
  }

  /** A long list gets a field to search it; a short one is quicker without. */
  function ofrecer() {
    const larga = enLista() && control().options.length > 15;
    uno("[data-filtro]").hidden = !larga;
    opciones = larga ? [...control().options] : [];
    filtro.value = "";
    cuantas.textContent = `${opciones.length - 1} en la lista`;
  }

  /** Only those whose name has every word typed, and the one already chosen; if one is left, it is chosen. */
  function acortar() {
    const select = control();
    const antes = select.value;
    const palabras = plegar(filtro.value).split(/\s+/);
    const halladas = opciones.filter(({ value, text }) => value && palabras.every((p) => plegar(text).includes(p)));
    select.replaceChildren(...opciones.filter((o) => !o.value || o.value === antes || halladas.includes(o)));
    select.value = antes;
    cuantas.textContent = `${halladas.length} de ${opciones.length - 1}`;
    if (halladas.length === 1) {
      select.value = halladas[0].value;
      escrita = "";
      perdonar("colonia");
      cuantas.textContent = `Elegida: ${halladas[0].text}`;
    } else if (!halladas.length) {
      cuantas.textContent = "Ninguna se llama así. Prueba con menos letras.";
    }
    clearTimeout(pendiente);
    pendiente = setTimeout(() => decir(cuantas.textContent), 600); // not at every letter
  }

  /** Keep what the field holds, before its shape changes. */
  function recordar() {
    const { value } = control();
    if (enLista() && (!value || /^\d+$/.test(value))) elegida = value;
    else escrita = value.trim();
  }

  /** The one of the list that was chosen before, or typed by its name. */
  function laSuya() {
    return (
      lista.find(({ id }) => String(id) === elegida) ??
      lista.find(({ nombre }) => escrita && plegar(nombre) === plegar(escrita))
    );
  }

  function poner(nuevo) {
    const anterior = control();
    nuevo.id = "id_colonia";
    nuevo.name = "colonia";
    nuevo.className = anterior.className;
    const enfocado = anterior === document.activeElement;
    anterior.replaceWith(nuevo);
    if (enfocado) nuevo.focus();
    perdonar("colonia");
    rotular();
  }

  function elegir() {
    recordar();
    const suya = laSuya();
    const nombres = lista.map(({ nombre }) => nombre);
    const select = document.createElement("select");
    select.append(new Option("Elige tu colonia", ""));
    for (const colonia of lista) {
      const { id, nombre, tipo } = colonia;
      const repetido = nombres.indexOf(nombre) !== nombres.lastIndexOf(nombre);
      select.append(new Option(repetido ? `${nombre} (${tipo})` : nombre, id, false, colonia === suya));
    }
    select.addEventListener("change", () => (escrita = "")); // a choice takes the place of what was typed
    bandera.value = "";
    poner(select);
  }

  function escribir() {
    if (!enLista()) return rotular();
    recordar();
    const texto = document.createElement("input");
    texto.type = "text";
    texto.autocomplete = "address-level3";
    texto.spellcheck = false;
    texto.setAttribute("aria-describedby", "pista_colonia");
    texto.value = escrita;
    poner(texto);
  }

  /** The code has changed: the place and the list of the one before do not hold any more. */
  function soltar() {
    cargado = "";
    lista = [];
    bandera.value = "";
    lugar.hidden = sinLugar.hidden = true;
    escribir();
  }

  /** Bring the list of a code; false when it could not be had or is no longer wanted. */
  async function traer(cual) {
    try {
      const respuesta = await fetch(cp.dataset.codigos.replace("00000", cual));
      if (!respuesta.ok && respuesta.status !== 404) throw new Error(respuesta.statusText);
      const datos = await respuesta.json();
      if (codigo() !== cual) return false; // something else has been typed since
      cargado = cual;
      lista = datos.colonias ?? [];
      boton("1").hidden = true;
      lugar.hidden = !respuesta.ok;
      sinLugar.hidden = true;
      perdonar("codigo_postal");
      if (respuesta.ok) uno("b", lugar).textContent = `${datos.municipio.nombre}, ${datos.entidad.nombre}`;
      else avisar(`${datos.error} Revísalo.`);
      return true;
    } catch {
      if (codigo() !== cual) return false;
      boton("1").hidden = false; // the page's own way still works
      avisar("No pudimos buscar tu código postal. Usa el botón «Buscar colonias».");
      return false;
    }
  }

  async function buscar() {
    const cual = codigo();
    if (cual === cargado) return;
    soltar();
    if (!/^\d{5}$/.test(cual) || !(await traer(cual)) || lugar.hidden) return;
    const donde = uno("b", lugar).textContent;
    recordar();
    if (lista.length && (laSuya() || !escrita)) {
      elegir();
      decir(`${donde}. Colonias en la lista: ${lista.length}.`);
      return;
    }
    // No list, or what was typed is not in it: it stays as it was typed.
    bandera.value = "1";
    perdonar("colonia");
    escribir();
    decir(lista.length ? `${donde}. Tu colonia no está en la lista; la dejamos como la escribiste.` : donde);
  }

  cp.addEventListener("input", buscar);
  filtro.addEventListener("input", acortar);
  filtro.addEventListener("keydown", (evento) => {
    if (evento.key !== "Enter") return;
    evento.preventDefault(); // it searches, it does not send the form
    control().focus();
  });
  boton("otra").addEventListener("click", (evento) => {
    evento.preventDefault();
    bandera.value = "1";
    escribir();
    boton("lista").hidden = false;
    control().focus();
  });
  boton("lista").addEventListener("click", async (evento) => {
    evento.preventDefault();
    if (!lista.length) await traer(codigo());
    if (!lista.length) return;
    elegir();
    control().focus();
  });
  ofrecer();
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
    const dicho = todos("[data-decir]", zona).map(({ textContent }) => textContent);
    zona.replaceWith(otra);
    const nuevo = todos("[data-decir]", otra).findLast(({ textContent }) => !dicho.includes(textContent));
    if (nuevo) decir(nuevo.textContent);
  }
}

/** While a worker or the mail has something to do: ask, more and more slowly, and show it as it comes. */
async function seguir(main) {
  let visto = "";
  let leida = Date.now();
  for (let vuelta = 0; main.dataset.estado || uno("[data-pendiente]"); vuelta++) {
    const despacio = !main.dataset.estado || uno("[data-espera]");
    await pausa(Math.min(400 * 1.3 ** vuelta, despacio ? 10_000 : 3000));
    try {
      if (main.dataset.estado) {
        const respuesta = await fetch(main.dataset.estado);
        const texto = await respuesta.text();
        if (JSON.parse(texto).pantalla !== main.dataset.pantalla) return location.reload();
        // The state changes, or only the time does: a page that has waited long says so.
        if (texto === visto && Date.now() - leida < 20_000) continue;
        visto = texto;
      }
      leida = Date.now();
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
