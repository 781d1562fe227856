/** The App: where it is (the address' hash and what the drawer keeps), and what happens when something is pressed. */

import * as api from "./api.js";
import * as cajon from "./cajon.js";
import { PASOS } from "./palabras.js";
import * as pantallas from "./pantallas.js";

const uno = (selector) => document.querySelector(selector);
const main = uno("main");
const VACIO = { sesion: null, curso: null, guardado: {} };
const DETALLE = { nss: "tarjeta", vigencia: "reporte", clinica: "alta" };
let todo = VACIO;
let turno = 0; // of the screen on show: what was being waited for by another one is dropped

const guardar = () => cajon.guardar("todo", todo);
const token = () => (todo.sesion?.expira > new Date().toISOString() ? todo.sesion.token : null);
const ruta = () => location.hash.replace(/^#\/?/, "");
const decir = (texto) => (uno("[data-voz]").textContent = texto);

function mostrar(pantalla, partes, foco = true) {
  main.dataset.pantalla = pantalla;
  uno("[data-lienzo]").replaceChildren(...partes.flat(3).filter(Boolean));
  uno("[data-salir]").hidden = !todo.sesion && !Object.keys(todo.guardado).length;
  const h1 = uno("main h1");
  document.title = `${h1?.textContent ?? ""} · gob·estudiantes`;
  if (!foco) return;
  scrollTo(0, 0);
  (uno(".resumen-errores") ?? h1)?.focus({ preventScroll: true });
}

/** Do something that may fail: what the API refuses goes to `alFallar`; the rest says so and offers to try again. */
async function intentar(hacer, alFallar = () => false) {
  const mio = turno;
  main.setAttribute("aria-busy", "true");
  try {
    return await hacer();
  } catch (error) {
    if (mio !== turno) return undefined;
    if (error instanceof api.SinRed) {
      mostrar("sin-red", pantallas.alto("No hay conexión", "Lo que ya tienes guardado se ve en el inicio. Cuando vuelva la red, sigue aquí.", abrir));
    } else if (!(error instanceof api.Problema)) {
      throw error;
    } else if (error.estado === 401) {
      await vencer();
    } else if (!alFallar(error)) {
      mostrar("alto", pantallas.alto(error.titulo, error.message, abrir));
    }
    return undefined;
  } finally {
    main.removeAttribute("aria-busy");
  }
}

/** The half hour is over: what was kept stays, the rest begins again. */
async function vencer() {
  const tipo = todo.curso?.tipo;
  todo.sesion = todo.sesion && { ...todo.sesion, token: null, expira: "" };
  todo.curso = null;
  await guardar();
  if (tipo) pedir(tipo, { valores: conocidos(tipo), aviso: "Tu acceso venció por seguridad. Empieza otra vez: te enviaremos un código nuevo." });
  else abrir();
}

function conocidos(tipo) {
  const { curp = "", correo = "", codigo_postal = "" } = todo.sesion ?? {};
  return { curp, correo, codigo_postal, nss: tipo === "vigencia" ? (todo.guardado.nss?.dicho.nss ?? "") : "" };
}

const escrito = (evento) => {
  evento.preventDefault();
  return Object.fromEntries(new FormData(evento.target));
};
const normal = (curp) => curp.toUpperCase().replace(/[\s-]/g, "");

// -- Beginning -------------------------------------------------------------------------------------------------

function pedir(tipo, con = {}) {
  const enviar = (evento) => {
    const valores = escrito(evento);
    return empezar(tipo, valores, con);
  };
  mostrar("solicitud", pantallas.solicitud(tipo, { valores: conocidos(tipo), ...con }, enviar));
}

async function empezar(tipo, valores, con = {}) {
  const curp = normal(valores.curp);
  const guardada = todo.guardado.nss?.dicho.curp ?? todo.guardado.vigencia?.dicho.curp ?? todo.guardado.clinica?.dicho.curp;
  if (guardada && guardada !== curp) {
    const frase = "Este teléfono guarda los documentos de otra persona. Presiona «Salir» para borrarlos y seguir con esta CURP.";
    pedir(tipo, { ...con, valores, errores: { curp: [frase] } });
    return;
  }
  const datos = { ...valores, tipo, cambio: Boolean(con.cambio) };
  const comenzado = await intentar(
    () => api.enviar("/tramites/", datos, token()),
    (error) => {
      if (error.estado !== 422) return false;
      const extranjero = con.extranjero || (tipo === "nss" && "codigo_postal" in error.errores);
      pedir(tipo, { ...con, valores, errores: error.errores, extranjero });
      return true;
    },
  );
  if (!comenzado) return;
  const vigente = token();
  todo.sesion = { ...todo.sesion, curp, correo: valores.correo, token: vigente, expira: vigente ? todo.sesion.expira : "" };
  if (valores.codigo_postal) todo.sesion.codigo_postal = valores.codigo_postal;
  todo.curso = { tipo, id: comenzado.id, confirmado: comenzado.estado !== "por_confirmar" };
  await guardar();
  abrir();
}

function escribirCodigo(errores = {}) {
  const { id } = todo.curso;
  const enviar = async (evento) => {
    const { codigo } = escrito(evento);
    const acceso = await intentar(
      () => api.enviar(`/tramites/${id}/codigo/`, { codigo }),
      (error) => {
        if (error.estado === 422) escribirCodigo(error.errores);
        else if (error.tipo === "codigo-terminado") empezarOtraVez(error.message);
        else return false;
        return true;
      },
    );
    if (!acceso) return;
    todo.sesion = { ...todo.sesion, token: acceso.token, expira: new Date(acceso.expira).toISOString() };
    todo.curso.confirmado = true;
    await guardar();
    abrir();
  };
  mostrar("codigo", pantallas.codigo({ errores, buzon: document.body.dataset.buzon }, enviar, () => empezarOtraVez()));
}

async function empezarOtraVez(aviso = "") {
  const { tipo } = todo.curso;
  todo.curso = null;
  await guardar();
  pedir(tipo, { aviso });
}

// -- Going on --------------------------------------------------------------------------------------------------

async function seguir() {
  const { tipo, id } = todo.curso;
  const mio = turno;
  let antes = "";
  for (let vuelta = 0; mio === turno; vuelta++) {
    const tramite = await intentar(() => api.ver(`/tramites/${id}/`, token()));
    if (!tramite || mio !== turno) return;
    if (["recibido", "asignando", "emitiendo"].includes(tramite.estado)) {
      if (tramite.estado !== antes) mostrar("procesando", pantallas.procesando(tipo, tramite.estado), !antes);
      antes = tramite.estado;
      await new Promise((listo) => setTimeout(listo, Math.min(500 * 1.3 ** vuelta, 5000)));
      continue;
    }
    if (tramite.estado === "por_confirmar") esperarCorreo();
    else if (tramite.estado === "domicilio") darDomicilio(id);
    else if (tramite.estado === "eleccion") await elegir(id);
    else if (tramite.estado === "rechazado") rechazar(tipo, tramite);
    else await resolver(tipo, tramite);
    return;
  }
}

/** Meanwhile another mailbox was confirmed for the person: now that one is asked, with a link. */
function esperarCorreo() {
  const texto = "Esta CURP confirmó otro correo. Le enviamos un mensaje: abre su enlace, presiona el botón y vuelve aquí.";
  mostrar("confirmacion", pantallas.alto("Confirma que eres tú", texto, abrir));
}

function darDomicilio(id, con = {}) {
  const enviar = async (evento) => {
    const valores = escrito(evento);
    const hecho = await intentar(
      () => api.enviar(`/tramites/${id}/domicilio/`, valores, token()),
      (error) => error.estado === 422 && (darDomicilio(id, { valores, errores: error.errores }), true),
    );
    if (hecho) abrir();
  };
  mostrar("domicilio", pantallas.domicilio(con, enviar));
}

async function elegir(id, elegida = {}) {
  const hay = await intentar(() => api.ver(`/tramites/${id}/opciones/`, token()));
  if (!hay) return;
  const dibujar = (foco) => {
    const alElegir = (que, valor) => {
      elegida = { ...elegida, [que]: valor };
      dibujar(false);
      document.getElementById(`${que}-${valor}`)?.focus();
    };
    const enviar = (evento) => {
      elegida = escrito(evento);
      const opcion = hay.opciones.find((cual) => cual.clinica === elegida.clinica);
      mostrar("revision", pantallas.revision({ opcion, turno: elegida.turno }, () => registrar(id, elegida), () => dibujar(true)));
    };
    mostrar("eleccion", pantallas.eleccion({ ...hay, ...elegida }, alElegir, enviar), foco);
  };
  dibujar(true);
}

async function registrar(id, elegida) {
  const hecho = await intentar(
    () => api.enviar(`/tramites/${id}/eleccion/`, elegida, token()),
    (error) => error.estado === 422 && (elegir(id), true),
  );
  if (hecho) abrir();
}

function rechazar(tipo, tramite) {
  const corregir = async (destino = tipo) => {
    todo.curso = null;
    await guardar();
    if (destino === tipo) pedir(tipo);
  };
  mostrar("rechazo", pantallas.rechazo(tramite.motivo, tramite.folio, corregir));
}

/** Keep what was certified and its documents; then show it. */
async function resolver(tipo, tramite) {
  const dicho = await intentar(() => api.ver(`/tramites/${tramite.id}/${DETALLE[tipo]}/`, token()));
  if (!dicho) return;
  const documentos = tramite.documentos.map((documento) => ({ ...documento }));
  for (const documento of documentos) {
    const bytes = await intentar(() => api.pdf(documento.id, token()));
    if (!bytes) return;
    await cajon.guardarBytes(`pdf:${documento.id}`, bytes);
  }
  todo.guardado = { ...todo.guardado, [tipo]: { tramite, dicho, documentos } };
  await guardar();
  mostrarResultado(tipo);
}

function mostrarResultado(tipo) {
  const finalizar = async () => {
    const { id } = todo.curso;
    if (!(await intentar(() => api.enviar(`/tramites/${id}/finalizar/`, undefined, token())))) return;
    todo.curso = null;
    await guardar();
    mostrar("finalizado", pantallas.finalizado(Object.keys(PASOS)[hechos()]));
  };
  const cambiar = tipo === "clinica" && (() => pedir("clinica", { cambio: true }));
  mostrar("resultado", pantallas.resultado(tipo, todo.guardado[tipo], { ...conDocumentos(), finalizar, cambiar }));
}

function conDocumentos() {
  return { abrir: abrirDocumento, mandar: mandarDocumento, conRed: navigator.onLine && token() };
}

async function abrirDocumento(documento) {
  const bytes = await cajon.leerBytes(`pdf:${documento.id}`);
  if (!bytes) return;
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/pdf" }));
  const enlace = Object.assign(document.createElement("a"), { href: url, download: `${documento.tipo}-${documento.folio}.pdf` });
  enlace.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  contar(documento, "Se guardó en tus descargas.");
}

async function mandarDocumento(documento) {
  const hecho = await intentar(() => api.enviar(`/documentos/${documento.id}/enviar/`, undefined, token()));
  if (hecho) contar(documento, `Va en camino a ${hecho.para}.`);
}

/** Beside the document that was pressed, and aloud. */
function contar(documento, texto) {
  uno(`[data-documento="${documento.tipo}"] [data-dicho]`).textContent = texto;
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

function abrir() {
  turno++;
  const tipo = ruta();
  if (!(tipo in PASOS)) {
    const curso = todo.curso?.tipo;
    mostrar("inicio", pantallas.inicio({ guardado: todo.guardado, hechos: hechos(), curso }, conDocumentos()));
  } else if (todo.curso?.tipo !== tipo) {
    pedir(tipo);
  } else if (!todo.curso.confirmado) {
    escribirCodigo();
  } else if (!token()) {
    vencer();
  } else {
    seguir();
  }
}

async function salir() {
  turno++;
  const suyo = token();
  todo = VACIO;
  await cajon.vaciar();
  if (suyo) await api.enviar("/salir/", undefined, suyo).catch(() => null); // without a network it dies by itself
  history.replaceState(null, "", "#/");
  abrir();
  decir("Cerraste tu sesión. En este teléfono ya no hay datos tuyos.");
}

function red() {
  uno("[data-sin-red]").hidden = navigator.onLine;
  if (!ruta()) abrir();
}

uno("[data-salir]").addEventListener("click", salir);
addEventListener("hashchange", abrir);
addEventListener("online", red);
addEventListener("offline", red);
uno("[data-sin-red]").hidden = navigator.onLine;
todo = { ...VACIO, ...(await cajon.leer("todo")) };
abrir();
await navigator.serviceWorker?.register(document.body.dataset.sw, { scope: "/app/" });
