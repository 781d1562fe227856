// The address, on the web, at the counter and in the App: a postal code brings its place and its colonias.

const uno = (selector, en = document) => en.querySelector(selector);
const todos = (selector, en = document) => [...en.querySelectorAll(selector)];

/** Announce a text politely to screen readers. */
function decir(texto) {
  const voz = uno("[data-voz]");
  if (voz) voz.textContent = texto.replace(/\s+/g, " ").trim();
}

/** An error that no longer holds: gone from beside its field, from the summary and, the last one, from the title. */
export function perdonar(nombre) {
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
export function colonias(cp) {
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
    const pasado = () => !cp.isConnected || codigo() !== cual; // something else has been typed since, or opened
    try {
      const respuesta = await fetch(cp.dataset.codigos.replace("00000", cual));
      if (!respuesta.ok && respuesta.status !== 404) throw new Error(respuesta.statusText);
      const datos = await respuesta.json();
      if (pasado()) return false;
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
      if (pasado()) return false;
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
