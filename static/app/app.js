/** The App: where it is (the address' hash and what the drawer keeps), and what happens when something is pressed. */

import { colonias } from "../js/colonias.js";
import * as api from "./api.js";
import * as cajon from "./cajon.js";
import { alto, avisar, copia, leida, marcar, rellenar, todos, uno } from "./piezas.js";

const main = uno("main");
const lienzo = uno("[data-lienzo]");
const nadie = () => ({ sesion: null, curso: null, guardado: {} });
const TIPOS = ["nss", "vigencia", "clinica"];
const VENCIO = "Tu acceso venció por seguridad.";
const otrasVentanas = new BroadcastChannel("salir");
let todo = nadie(); // of one person: after «Salir» it is another object, and what comes late for the old one is dropped
let turno = 0; // of the screen on show: what was being waited for by another one is dropped
let cambio = false; // whether the form on show asks for another clinic than the one that there is
let enCamino = 0; // how many things the screen on show has sent and is waiting for

// A browser that keeps nothing still does it all, while the page lasts.
const guardar = () => cajon.guardar("todo", todo).catch(() => null);
const token = () => todo.sesion?.token ?? null;
const ruta = () => location.hash.replace(/^#\/?/, "");
const decir = (texto) => (uno("[data-voz]").textContent = texto);

/** Put a screen (`data-dibuja` is its name) in the place of the one that there was. */
function mostrar(pantalla, foco = main.dataset.pantalla !== "app") {
  main.dataset.pantalla = pantalla.dataset.dibuja;
  for (const hueco of todos("[data-camino]", pantalla)) hueco.replaceWith(copia(`camino-${hechos()}`));
  lienzo.replaceChildren(pantalla);
  uno("[data-salir]").hidden = !todo.sesion && !Object.keys(todo.guardado).length;
  conRed();
  for (const boton of todos("[data-copiar]", lienzo)) boton.hidden = !navigator.clipboard;
  const h1 = uno("h1", lienzo);
  h1.tabIndex = -1;
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
    if (debajo) mostrar(debajo);
    if (alFallar(falla)) return undefined;
    if (falla.estado === 401) return void (await vencer());
    if (falla.estado === 404 && todo.curso) return void (await terminar("Ese trámite ya no está. Empieza otra vez."));
    debajo = uno("[data-dibuja]", lienzo);
    // What depends on the moment is asked again as it was; for the rest, the trámite says where it stands.
    const delMomento = sinRed || falla.estado === 429 || falla.estado >= 500;
    await new Promise((listo) => {
      const seguir = delMomento ? listo : abrir;
      if (sinRed) {
        mostrar(alto("sin-red", "No hay conexión", "Lo que ya tienes guardado se ve en el inicio. Cuando vuelva la red, esto sigue solo.", seguir));
        addEventListener("online", listo, { once: true });
      } else {
        mostrar(alto("alto", falla.titulo, falla.message, seguir));
      }
    });
    if (mio !== turno) return undefined;
  }
}

/** The same for what is sent. While it is on its way, pressing again would send it twice. */
function enviar(hacer, alFallar) {
  const mio = turno;
  const contado = async () => {
    ocupar(enCamino + 1);
    try {
      return await hacer();
    } finally {
      if (mio === turno) ocupar(enCamino - 1); // what another screen sent is not counted in this one
    }
  };
  return intentar(contado, alFallar);
}

/** To the API, with a key that is the same however often it is tried. */
function mandar(camino, datos, alFallar, credencial = token()) {
  const clave = crypto.randomUUID();
  return enviar(() => api.enviar(camino, datos, credencial, clave), alFallar);
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
  if (tipo && tipo === ruta()) pedir(tipo, `${VENCIO} Empieza otra vez: te enviaremos un código nuevo. Si tu trámite ya iba a terminar, tus documentos te llegan por correo.`);
  else abrir(`${VENCIO} Lo que guardaste sigue aquí. Para pedir algo más, empieza el paso otra vez: te enviaremos un código nuevo.`);
}

/** The trámite in course leads nowhere: another one, with the same data. */
async function terminar(aviso = "") {
  const { tipo } = todo.curso;
  todo.curso = null;
  await guardar();
  pedir(tipo, aviso);
}

const guardados = () => Object.values(todo.guardado).map(({ html }) => leida(html));

function conocidos() {
  const { token: _, ...dichos } = todo.sesion ?? {};
  const { nss } = todo.guardado;
  return { ...dichos, nss: nss ? uno("[data-nss]", leida(nss.html)).textContent : "" };
}

const normal = (curp) => curp.toUpperCase().replace(/[\s-]/g, "");
/** What a form does with a 422. */
const senalar = (error) => error.estado === 422 && (marcar(error.errores), true);

// -- Beginning -------------------------------------------------------------------------------------------------

function pedir(tipo, aviso = "", otra = false) {
  const forma = copia(tipo);
  cambio = otra;
  rellenar(forma, conocidos());
  avisar(forma, aviso);
  mostrar(forma);
}

async function empezar(valores) {
  const tipo = ruta();
  const curp = normal(valores.curp);
  const guardada = Object.values(todo.guardado)[0]?.curp;
  if (curp && guardada && guardada !== curp) {
    marcar({ curp: ["Este teléfono guarda los documentos de otra persona. Presiona «Salir» para borrarlos y seguir con esta CURP."] });
    return;
  }
  const comenzado = await mandar("/tramites/", { ...valores, tipo, cambio }, (error) => {
    if (error.estado === 401) {
      todo.sesion.token = null; // the half hour is over: this one gets a code
      empezar(valores);
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

async function probarCodigo({ codigo }) {
  const { id } = todo.curso;
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
}

// -- Going on --------------------------------------------------------------------------------------------------

/** Bring the screen of the trámite, more and more slowly, until somebody has to do something or it is done. */
async function seguir() {
  const mio = turno;
  for (let vuelta = 0; ; vuelta++) {
    let descanso = 0;
    const esperando = main.dataset.pantalla === "procesando";
    const html = await intentar(
      () => api.pantalla(todo.curso.id, token()),
      (error) => {
        // Not now: what is on the screen stays, and it is asked again later.
        if (esperando && (error.estado === 429 || error.estado >= 500)) descanso = Math.max(5, error.espera) * 1000;
        return descanso > 0;
      },
    );
    if (mio !== turno || !(html || descanso)) return;
    if (html) {
      const nueva = leida(html);
      if (nueva.dataset.dibuja !== "procesando") return void (await llegar(html));
      if (main.dataset.pantalla === "procesando") refrescar(nueva);
      else mostrar(nueva);
      descanso = Math.min(500 * 1.3 ** vuelta, uno("[data-espera]") ? 10_000 : 3000);
    }
    await pausa(descanso);
    if (mio !== turno) return;
  }
}

/** What goes on is changed in its place and said aloud: the focus stays where the person is. */
function refrescar(nueva) {
  const [vieja, otra] = [uno("[data-vivo]", lienzo), uno("[data-vivo]", nueva)];
  if (vieja.innerHTML === otra.innerHTML) return;
  const dicho = todos("[data-decir]", vieja).map(({ textContent }) => textContent);
  vieja.replaceWith(otra);
  const nuevo = todos("[data-decir]", otra).findLast(({ textContent }) => !dicho.includes(textContent));
  if (nuevo) decir(nuevo.textContent.replace(/\s+/g, " ").trim());
}

/** A screen of the trámite that waits for nobody else. What was certified is kept before it is shown. */
async function llegar(html, aviso = "") {
  const pantalla = leida(html);
  const { dibuja } = pantalla.dataset;
  if (dibuja === "resultado") return resolver(html, aviso);
  if (dibuja === "eleccion" && !uno("[type=radio]", pantalla)) {
    return mostrar(alto("alto", "Por ahora no hay lugar", "Ninguna clínica cercana tiene lugar en este momento. Tu trámite sigue en pie: inténtalo más tarde.", abrir));
  }
  rellenar(pantalla, conocidos());
  avisar(pantalla, aviso);
  mostrar(pantalla);
  if (uno(".resumen-errores", lienzo)) {
    document.title = `Error: ${document.title}`;
    uno(".resumen-errores").focus();
  }
  const cp = uno("[data-codigos]");
  if (cp) colonias(cp);
}

async function resolver(html, aviso) {
  const [mio, { tipo, id }] = [turno, todo.curso];
  for (const { dataset } of todos("[data-abrir]", leida(html))) {
    if (await cajon.leerBytes(`pdf:${dataset.abrir}`).catch(() => null)) continue;
    // One that cannot be had now is asked for when it is opened.
    const bytes = await intentar(() => api.pdf(dataset.abrir, token()), (error) => error.estado !== 401);
    if (mio !== turno) return;
    if (bytes) await cajon.guardarBytes(`pdf:${dataset.abrir}`, bytes).catch(() => null);
    if (mio !== turno) return;
  }
  todo.guardado = { ...todo.guardado, [tipo]: { id, curp: todo.sesion.curp, html } };
  await guardar();
  if (mio === turno) mostrarResultado(aviso);
}

function mostrarResultado(aviso = "") {
  const pantalla = leida(todo.guardado[todo.curso.tipo].html);
  avisar(pantalla, aviso);
  mostrar(pantalla);
}

async function traer(cual = "", aviso = "") {
  const mio = turno;
  const html = await intentar(() => api.pantalla(todo.curso.id, token(), cual));
  if (html && mio === turno) await llegar(html, aviso);
}

/** Where they live: asked for the number to be given, or kept with a number that there is. */
async function darDomicilio(valores) {
  const despues = todo.guardado.nss?.id === todo.curso.id;
  const datos = { ...valores, colonia_no_listada: valores.colonia_no_listada === "1" };
  const alFallar = (error) => senalar(error) || (despues && error.estado === 409 && (traer("", error.message), true));
  const hecho = await mandar(`/tramites/${todo.curso.id}/domicilio/`, datos, alFallar);
  if (!hecho) return;
  todo.sesion.codigo_postal = valores.codigo_postal.replace(/\s/g, "");
  if (despues) return traer("", "Guardamos tu domicilio.");
  await guardar();
  abrir();
}

async function elegir(valores, boton) {
  const { id } = todo.curso;
  const datos = { ...valores, ...(boton?.name && { [boton.name]: boton.value }) };
  if (!datos.confirmar) return elegirDeNuevo(datos);
  const alFallar = (error) => error.estado === 422 && (elegirDeNuevo({ cambiar: 1 }, `${Object.values(error.errores)[0][0]} No se registró nada.`), true);
  const { clinica, turno: cual } = datos;
  if (await mandar(`/tramites/${id}/eleccion/`, { clinica, turno: cual }, alFallar)) abrir();
}

async function elegirDeNuevo(datos, aviso = "") {
  const mio = turno;
  const html = await enviar(() => api.elegir(todo.curso.id, datos, token()));
  if (html && mio === turno) await llegar(html, aviso);
}

async function finalizar() {
  const mio = turno;
  const { id } = todo.curso;
  if (!(await mandar(`/tramites/${id}/finalizar/`))) return;
  const html = await intentar(() => api.pantalla(id, token()));
  if (!html) return;
  if (todo.curso?.id === id) todo.curso = null;
  await guardar();
  if (mio === turno) mostrar(leida(html));
}

async function abrirDocumento(boton) {
  const { abrir: id, archivo } = boton.dataset;
  const guardado = await cajon.leerBytes(`pdf:${id}`).catch(() => null);
  const bytes = guardado ?? (await intentar(() => api.pdf(id, token()), alLado(boton)));
  if (!bytes) return;
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/pdf" }));
  Object.assign(document.createElement("a"), { href: url, download: archivo }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  contar(boton, "Se guardó en tus descargas.");
}

async function mandarDocumento(boton) {
  const hecho = await mandar(`/documentos/${boton.dataset.enviar}/enviar/`, undefined, alLado(boton));
  if (hecho) contar(boton, `Va en camino a ${hecho.para}.`);
}

async function copiar(boton) {
  const dicho = await navigator.clipboard.writeText(document.getElementById(boton.dataset.copiar).textContent).then(
    () => "Copiado",
    () => "No se pudo copiar",
  );
  uno("span", boton).textContent = dicho;
  decir(dicho);
}

/** What a document could not do is said beside it. */
const alLado = (boton) => (error) => error.estado !== 401 && (contar(boton, error.message), true);

/** Beside the document that was pressed, if it is still there, and aloud. */
function contar(boton, texto) {
  uno("[data-dicho]", boton.closest("li")).textContent = texto;
  decir(texto);
}

// -- Where it is -----------------------------------------------------------------------------------------------

/** How many of the three steps are done: each one stands on the one before. */
const hechos = () => Math.max(0, ...guardados().map(({ dataset }) => Number(dataset.hechos)));

function inicio(aviso) {
  const { curso, guardado } = todo;
  const pantalla = copia("inicio");
  const de = (tipo) => guardado[tipo] && uno("template", leida(guardado[tipo].html)).content;
  const tarjeta = de("nss")?.firstElementChild;
  if (tarjeta) {
    uno(".pareja", tarjeta).append(de("clinica") ?? "");
    const h1 = Object.assign(uno("h1", pantalla), { className: "oculto", textContent: "Tu tarjeta" });
    uno(".titulo", pantalla).replaceWith(h1, tarjeta);
  }
  const documentos = guardados().flatMap((suyo) => todos("[data-documento]", suyo));
  uno(".guardados", pantalla).append(...documentos);
  uno("section[hidden]", pantalla).hidden = !documentos.length;
  if (curso && guardado[curso.tipo]?.id !== curso.id) uno("[data-en-curso] a", pantalla).href = `#/${curso.tipo}`;
  else uno("[data-en-curso]", pantalla).remove();
  avisar(pantalla, aviso);
  mostrar(pantalla);
  uno("[data-camino] .boton", lienzo)?.classList.remove("segundo"); // here it is the first thing to press
}

function abrir(aviso = "") {
  turno++;
  ocupar(0);
  const tipo = ruta();
  const { curso, guardado } = todo;
  if (!TIPOS.includes(tipo)) inicio(aviso);
  else if (curso?.tipo !== tipo) pedir(tipo);
  else if (guardado[tipo]?.id === curso.id) mostrarResultado();
  else if (curso.confirmado) seguir();
  else mostrar(copia("codigo"));
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

/** What needs a network and an access is there while there are both. */
function conRed() {
  for (const boton of todos("[data-con-red]", lienzo)) boton.hidden = !navigator.onLine || !token();
}

function red() {
  const aviso = uno("[data-sin-red]");
  aviso.hidden = navigator.onLine;
  conRed();
  if (!navigator.onLine) decir(aviso.textContent);
}

// -- What is pressed: the screens are the web's, and their addresses say what each thing does ----------------------

const AL_ENVIAR = { nss: empezar, vigencia: empezar, clinica: empezar, codigo: probarCodigo, domicilio: darDomicilio, eleccion: elegir, finalizar, cambiar: () => pedir("clinica", "", true) };

main.addEventListener("submit", (evento) => {
  evento.preventDefault();
  const { target: forma, submitter } = evento;
  if (submitter?.name === "buscar_cp") return uno("#id_codigo_postal").dispatchEvent(new Event("input"));
  AL_ENVIAR[forma.getAttribute("action").split("/").at(-2)](Object.fromEntries(new FormData(forma)), submitter);
});

/** A link of the web, where the App has its own place for it. */
function seguirEnlace(evento, enlace) {
  const href = enlace.getAttribute("href");
  const [, tipo] = href.match(/^\/(nss|vigencia|clinica)\//) ?? [];
  if (href !== "/" && !tipo && !/^#[^/]/.test(href)) return;
  evento.preventDefault();
  if (href.startsWith("#")) return document.querySelector(href)?.focus(); // the address says where the App is, not which field
  if (main.dataset.pantalla === "rechazo") {
    todo.curso = null; // it is not offered again
    guardar();
  }
  const antes = location.hash;
  location.hash = `#/${tipo ?? ""}`;
  if (location.hash === antes) abrir();
}

main.addEventListener("click", (evento) => {
  const pulsado = evento.target.closest("a[href], button");
  if (!pulsado) return;
  if (pulsado.localName === "a") return seguirEnlace(evento, pulsado);
  const { dataset } = pulsado;
  if ("abrir" in dataset) abrirDocumento(pulsado);
  else if ("enviar" in dataset) mandarDocumento(pulsado);
  else if ("copiar" in dataset) copiar(pulsado);
  else if ("domicilio" in dataset) traer("domicilio/");
  else if ("otraVez" in dataset) pedir(todo.curso.tipo); // until the other one begins, the code of this one still serves
});

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
for (const [tipo, { html }] of Object.entries(todo.guardado)) if (!html) delete todo.guardado[tipo]; // kept by an App of before
abrir();
await navigator.serviceWorker?.register(document.body.dataset.sw, { scope: "/app/" }).catch(() => null);
