/** The App: where it is (the address' hash and what the drawer keeps), and what happens when something is pressed. */

import { colonias } from "../js/colonias.js";
import * as api from "./api.js";
import * as cajon from "./cajon.js";
import { PASOS } from "./palabras.js";
import * as pantallas from "./pantallas.js";
import { marcar } from "./pintar.js";

const uno = (selector) => document.querySelector(selector);
const main = uno("main");
const lienzo = uno("[data-lienzo]");
const { buzon, cp, sw } = document.body.dataset;
const nadie = () => ({ sesion: null, curso: null, guardado: {} });
const DETALLE = { nss: "tarjeta", vigencia: "reporte", clinica: "alta" };
const VENCIO = "Tu acceso venció por seguridad.";
const TARDA = 20_000; // past this, the screen says that it takes longer than usual
const otrasVentanas = new BroadcastChannel("salir");
let todo = nadie(); // of one person: after «Salir» it is another object, and what comes late for the old one is dropped
let turno = 0; // of the screen on show: what was being waited for by another one is dropped
let enCamino = 0; // how many things the screen on show has sent and is waiting for

// A browser that keeps nothing still does it all, while the page lasts.
const guardar = () => cajon.guardar("todo", todo).catch(() => null);
const token = () => todo.sesion?.token ?? null;
const ruta = () => location.hash.replace(/^#\/?/, "");
const decir = (texto) => (uno("[data-voz]").textContent = texto);

function mostrar(pantalla, partes, foco = main.dataset.pantalla !== "app") {
  main.dataset.pantalla = pantalla;
  lienzo.replaceChildren(...partes.flat(3).filter(Boolean));
  uno("[data-salir]").hidden = !todo.sesion && !Object.keys(todo.guardado).length;
  const h1 = uno("main h1");
  document.title = `${h1.textContent} · gob·estudiantes`;
  if (!foco) return;
  scrollTo(0, 0);
  h1.focus({ preventScroll: true });
}

/** Some time, and then until somebody looks: a screen in a pocket asks for nothing. */
async function pausa(ms) {
  await new Promise((listo) => setTimeout(listo, ms));
  while (document.hidden) await new Promise((listo) => document.addEventListener("visibilitychange", listo, { once: true }));
}

/** Do something that may fail. `alFallar` sees the failure first, on the screen where it was asked for; what it does
 * not settle is said, with what can be done. Nothing comes of it when the screen is another. */
async function intentar(hacer, alFallar = () => false) {
  const [mio, suyo] = [turno, todo];
  let debajo = null; // the screen that said it cannot go on took the place of these, and of what was typed in them
  for (;;) {
    let falla;
    try {
      const hecho = await hacer();
      return suyo === todo ? hecho : undefined;
    } catch (error) {
      falla = error;
    }
    const sinRed = falla instanceof api.SinRed;
    if (!sinRed && !(falla instanceof api.Problema)) throw falla;
    if (mio !== turno) return undefined;
    if (debajo) mostrar(...debajo);
    if (alFallar(falla)) return undefined;
    if (falla.estado === 401) return void (await vencer());
    if (falla.estado === 404 && todo.curso) return void (await terminar("Ese trámite ya no está. Empieza otra vez."));
    debajo = uno("main h1") && [main.dataset.pantalla, [...lienzo.childNodes]];
    // What depends on the moment is asked again as it was; for the rest, the trámite says where it stands.
    const delMomento = sinRed || falla.estado === 429 || falla.estado >= 500;
    await new Promise((listo) => {
      const seguir = delMomento ? listo : abrir;
      if (sinRed) {
        mostrar("sin-red", pantallas.alto("No hay conexión", "Lo que ya tienes guardado se ve en el inicio. Cuando vuelva la red, esto sigue solo.", seguir));
        addEventListener("online", listo, { once: true });
      } else {
        mostrar("alto", pantallas.alto(falla.titulo, falla.message, seguir));
      }
    });
    if (mio !== turno) return undefined;
  }
}

/** The same for what is sent, with a key that is the same however often it is tried. While it is on its way, pressing
 * again would send it twice. */
function mandar(camino, datos, alFallar, credencial = token()) {
  const [mio, clave] = [turno, crypto.randomUUID()];
  const enviar = async () => {
    ocupar(enCamino + 1);
    try {
      return await api.enviar(camino, datos, credencial, clave);
    } finally {
      if (mio === turno) ocupar(enCamino - 1); // what another screen sent is not counted in this one
    }
  };
  return intentar(enviar, alFallar);
}

function ocupar(cuantos) {
  enCamino = cuantos;
  if (enCamino) main.setAttribute("aria-busy", "true");
  else main.removeAttribute("aria-busy");
}

/** The half hour is over, or the mailbox is another: what was kept stays, the rest begins again. */
async function vencer() {
  const tipo = todo.curso?.tipo;
  if (todo.sesion) todo.sesion.token = null;
  todo.curso = null;
  await guardar();
  if (tipo && tipo === ruta()) pedir(tipo, { aviso: `${VENCIO} Empieza otra vez: te enviaremos un código nuevo. Si tu trámite ya iba a terminar, tus documentos te llegan por correo.` });
  else abrir(`${VENCIO} Lo que guardaste sigue aquí. Para pedir algo más, empieza el paso otra vez: te enviaremos un código nuevo.`);
}

/** The trámite in course leads nowhere: another one, with the same data. */
async function terminar(aviso = "") {
  const { tipo } = todo.curso;
  todo.curso = null;
  await guardar();
  pedir(tipo, { aviso });
}

function conocidos(tipo) {
  const { token: _, ...dichos } = todo.sesion ?? {};
  return { ...dichos, nss: tipo === "vigencia" ? (todo.guardado.nss?.dicho.nss ?? "") : "" };
}

const escrito = (evento) => {
  evento.preventDefault();
  return Object.fromEntries(new FormData(evento.target));
};
const normal = (curp) => curp.toUpperCase().replace(/[\s-]/g, "");
/** What a form does with a 422. */
const senalar = (error) => error.estado === 422 && (marcar(error.errores), true);

// -- Beginning -------------------------------------------------------------------------------------------------

function pedir(tipo, con = {}) {
  const enviar = (evento) => empezar(tipo, escrito(evento), con);
  mostrar("solicitud", pantallas.solicitud(tipo, { valores: conocidos(tipo), ...con }, enviar));
}

async function empezar(tipo, valores, con = {}) {
  const curp = normal(valores.curp);
  const guardada = Object.values(todo.guardado)[0]?.dicho.curp;
  if (curp && guardada && guardada !== curp) {
    marcar({ curp: ["Este teléfono guarda los documentos de otra persona. Presiona «Salir» para borrarlos y seguir con esta CURP."] });
    return;
  }
  const datos = { ...valores, tipo, cambio: Boolean(con.cambio) };
  const comenzado = await mandar("/tramites/", datos, (error) => {
    if (error.estado === 401) {
      todo.sesion.token = null; // the half hour is over: this one gets a code
      empezar(tipo, valores, con);
      return true;
    }
    return senalar(error);
  });
  if (!comenzado) return;
  const codigo_postal = valores.codigo_postal || todo.sesion?.codigo_postal;
  const { nss: _, ...dichos } = valores;
  todo.sesion = { ...dichos, curp, codigo_postal, token: token() };
  todo.curso = { tipo, id: comenzado.id, confirmado: comenzado.estado !== "por_confirmar" };
  await guardar();
  abrir();
}

function escribirCodigo() {
  const { tipo, id } = todo.curso;
  const enviar = async (evento) => {
    const { codigo } = escrito(evento);
    const alFallar = (error) => {
      if (error.tipo !== "codigo-terminado") return senalar(error);
      terminar(error.message);
      return true;
    };
    const acceso = await mandar(`/tramites/${id}/codigo/`, { codigo }, alFallar, null);
    if (!acceso || todo.curso?.id !== id) return;
    todo.sesion.token = acceso.token;
    todo.curso.confirmado = true;
    await guardar();
    abrir();
  };
  // Until the other one begins, the code of this one still serves.
  mostrar("codigo", pantallas.codigo(buzon, enviar, () => pedir(tipo)));
}

// -- Going on --------------------------------------------------------------------------------------------------

/** Ask how it goes, more and more slowly, until somebody has to do something or it is done. */
async function seguir() {
  const { tipo, id } = todo.curso;
  const [mio, desde] = [turno, Date.now()];
  let visto = "";
  for (let vuelta = 0; ; vuelta++) {
    let descanso = 0;
    const como = await intentar(
      () => api.ver(`/tramites/${id}/avance/`, token()),
      (error) => {
        // Not now: what is on the screen stays, and it is asked again later.
        if (visto && (error.estado === 429 || error.estado >= 500)) descanso = Math.max(5, error.espera) * 1000;
        return descanso > 0;
      },
    );
    if (mio !== turno || !(como || descanso)) return;
    if (como?.estado === "domicilio") return darDomicilio(id);
    if (como?.estado === "eleccion") return void (await elegir(id));
    if (como && !["por_confirmar", "recibido", "asignando", "emitiendo"].includes(como.estado)) return void (await acabar(tipo, id));
    if (como) {
      visto = dibujarEspera(como, Date.now() - desde > TARDA, visto);
      descanso = Math.min(500 * 1.3 ** vuelta, como.espera ? 10_000 : 3000);
    }
    await pausa(descanso);
    if (mio !== turno) return;
  }
}

/** What is waited for, when it is another thing than what was `visto`. What only goes on is changed in its place
 * and said aloud: the focus stays where the person is. */
function dibujarEspera(como, tarda, visto) {
  const ahora = JSON.stringify([como, tarda]);
  const ya = main.dataset.pantalla === "procesando";
  if (ya && ahora === visto) return visto;
  if (ya) {
    uno("[data-vivo]").replaceWith(pantallas.avance(como, tarda));
    decir(pantallas.dichoDe(como, tarda));
  } else {
    mostrar("procesando", pantallas.procesando(como, tarda));
  }
  return ahora;
}

async function acabar(tipo, id) {
  const mio = turno;
  const tramite = await intentar(() => api.ver(`/tramites/${id}/`, token()));
  if (!tramite || mio !== turno) return;
  if (tramite.estado === "rechazado") rechazar(tipo, tramite);
  else await resolver(tipo, tramite);
}

/** Where they live: asked for the number to be given, or, `despues`, kept with a number that there is. */
function darDomicilio(id, despues = false) {
  const dado = async (aviso) => {
    todo.guardado.nss.conDomicilio = true;
    await guardar();
    mostrarResultado("nss", aviso);
  };
  const enviar = async (evento) => {
    const valores = escrito(evento);
    const datos = { ...valores, colonia_no_listada: valores.colonia_no_listada === "1" };
    const alFallar = (error) => senalar(error) || (despues && error.estado === 409 && (dado(error.message), true));
    const hecho = await mandar(`/tramites/${id}/domicilio/`, datos, alFallar);
    if (!hecho) return;
    todo.sesion.codigo_postal = valores.codigo_postal.replace(/\s/g, "");
    if (despues) return dado("Guardamos tu domicilio.");
    await guardar();
    abrir();
  };
  mostrar("domicilio", pantallas.domicilio({ codigos: cp, valores: conocidos("nss"), despues }, enviar, () => mostrarResultado("nss")));
  colonias(uno("#id_codigo_postal"));
}

async function elegir(id, aviso = "") {
  const mio = turno;
  const hay = await intentar(() => api.ver(`/tramites/${id}/opciones/`, token()));
  if (!hay || mio !== turno) return;
  if (!hay.opciones.length) {
    mostrar("alto", pantallas.alto("Por ahora no hay lugar", "Ninguna clínica cercana tiene lugar en este momento. Tu trámite sigue en pie: inténtalo más tarde.", abrir));
    return;
  }
  let elegida = {};
  const dibujar = (foco) => {
    const alElegir = (que, valor) => {
      elegida = { ...elegida, [que]: valor };
      dibujar(false);
      document.getElementById(`${que}-${valor}`)?.focus();
    };
    const enviar = (evento) => {
      elegida = escrito(evento);
      const opcion = hay.opciones.find((cual) => cual.clinica === elegida.clinica);
      const revisada = { ...hay, opcion, turno: elegida.turno };
      mostrar("revision", pantallas.revision(revisada, () => registrar(id, elegida), () => dibujar(true)));
    };
    mostrar("eleccion", pantallas.eleccion({ ...hay, ...elegida, aviso }, alElegir, enviar), foco);
  };
  dibujar(true);
}

async function registrar(id, elegida) {
  const alFallar = (error) => error.estado === 422 && (elegir(id, `${Object.values(error.errores)[0][0]} No se registró nada.`), true);
  const hecho = await mandar(`/tramites/${id}/eleccion/`, elegida, alFallar);
  if (hecho) abrir();
}

function rechazar(tipo, tramite) {
  const corregir = (destino = tipo) => {
    if (destino === tipo) return terminar();
    todo.curso = null; // its link leads there
    return guardar();
  };
  mostrar("rechazo", pantallas.rechazo(tramite.motivo, tramite.folio, corregir));
}

/** Keep what was certified and its documents; then show it. */
async function resolver(tipo, tramite) {
  const mio = turno;
  const dicho = await intentar(() => api.ver(`/tramites/${tramite.id}/${DETALLE[tipo]}/`, token()));
  if (!dicho || mio !== turno) return;
  for (const { id } of tramite.documentos) {
    // One that cannot be had now is asked for when it is opened.
    const bytes = await intentar(() => api.pdf(id, token()), (error) => error.estado !== 401);
    if (mio !== turno) return;
    if (bytes) await cajon.guardarBytes(`pdf:${id}`, bytes).catch(() => null);
    if (mio !== turno) return;
  }
  todo.guardado = { ...todo.guardado, [tipo]: { tramite, dicho, documentos: tramite.documentos } };
  await guardar();
  if (mio === turno) mostrarResultado(tipo);
}

function mostrarResultado(tipo, aviso = "") {
  const { tramite, conDomicilio } = todo.guardado[tipo];
  const finalizar = async () => {
    if (!(await mandar(`/tramites/${tramite.id}/finalizar/`))) return;
    todo.curso = null;
    await guardar();
    mostrar("finalizado", pantallas.finalizado(Object.keys(PASOS)[hechos()]));
  };
  const cambiar = tipo === "clinica" && (() => pedir("clinica", { cambio: true }));
  const domicilio = tramite.resultado === "asignado" && !conDomicilio && (() => darDomicilio(tramite.id, true));
  mostrar("resultado", pantallas.resultado(tipo, todo.guardado[tipo], { ...conDocumentos(), finalizar, cambiar, domicilio, aviso }));
}

const conDocumentos = () => ({ abrir: abrirDocumento, mandar: mandarDocumento, conAcceso: token() });
/** What a document could not do is said beside it. */
const alLado = (documento) => (error) => error.estado !== 401 && (contar(documento, error.message), true);

async function abrirDocumento(documento) {
  const guardado = await cajon.leerBytes(`pdf:${documento.id}`).catch(() => null);
  const bytes = guardado ?? (await intentar(() => api.pdf(documento.id, token()), alLado(documento)));
  if (!bytes) return;
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/pdf" }));
  const enlace = Object.assign(document.createElement("a"), { href: url, download: `${documento.tipo}-${documento.folio}.pdf` });
  enlace.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  contar(documento, "Se guardó en tus descargas.");
}

async function mandarDocumento(documento) {
  const hecho = await mandar(`/documentos/${documento.id}/enviar/`, undefined, alLado(documento));
  if (hecho) contar(documento, `Va en camino a ${hecho.para}.`);
}

/** Beside the document that was pressed, if it is still there, and aloud. */
function contar(documento, texto) {
  const lado = uno(`[data-documento="${documento.tipo}"] [data-dicho]`);
  if (lado) lado.textContent = texto;
  decir(texto);
}

// -- Where it is -----------------------------------------------------------------------------------------------

/** How many of the three steps are done: each one stands on the one before. */
function hechos() {
  const { nss, vigencia, clinica } = todo.guardado;
  if (clinica) return 3;
  if (vigencia?.dicho.vigente) return 2;
  return nss ? 1 : 0;
}

function abrir(aviso = "") {
  turno++;
  ocupar(0);
  const tipo = ruta();
  const { curso, guardado } = todo;
  if (!Object.hasOwn(PASOS, tipo)) {
    const abierto = curso && guardado[curso.tipo]?.tramite.id !== curso.id;
    mostrar("inicio", pantallas.inicio({ guardado, hechos: hechos(), curso: abierto ? curso.tipo : "", aviso }, conDocumentos()));
  } else if (curso?.tipo !== tipo) {
    pedir(tipo);
  } else if (guardado[tipo]?.tramite.id === curso.id) {
    mostrarResultado(tipo);
  } else if (curso.confirmado) {
    seguir();
  } else {
    escribirCodigo();
  }
}

async function salir() {
  const suyo = token();
  turno++;
  todo = nadie();
  // It is not waited for: without a network the token dies by itself, in half an hour.
  if (suyo) api.enviar("/salir/", undefined, suyo).catch(() => null);
  await cajon.vaciar().catch(() => null);
  otrasVentanas.postMessage("salir");
  history.replaceState(null, "", "#/");
  const dicho = "Cerraste tu sesión. En este teléfono ya no hay datos tuyos.";
  abrir(dicho);
  decir(dicho);
}

function red() {
  const aviso = uno("[data-sin-red]");
  aviso.hidden = navigator.onLine;
  for (const boton of document.querySelectorAll("[data-con-red]")) boton.hidden = !navigator.onLine;
  if (!navigator.onLine) decir(aviso.textContent);
}

// While something is on its way, pressing again would send it twice.
const unaVez = (evento) => {
  if (!enCamino || (evento.type === "click" && !evento.target.closest("button"))) return;
  evento.preventDefault();
  evento.stopPropagation();
};
main.addEventListener("click", unaVez, true);
main.addEventListener("submit", unaVez, true);
uno("[data-salir]").addEventListener("click", salir);
addEventListener("hashchange", () => abrir());
addEventListener("online", red);
addEventListener("offline", red);
// What this window had on its way would still be kept: it throws everything away too, after that.
otrasVentanas.addEventListener("message", async () => {
  turno++;
  todo = nadie();
  await cajon.vaciar().catch(() => null);
  location.reload();
});
uno("[data-sin-red]").hidden = navigator.onLine;
todo = { ...todo, ...(await cajon.leer("todo").catch(() => null)) };
abrir();
await navigator.serviceWorker?.register(sw, { scope: "/app/" }).catch(() => null);
