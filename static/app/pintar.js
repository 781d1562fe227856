/** The markup of the portal, made here: text is always text, never HTML. */

import { perdonar } from "../js/colonias.js";

const ICONOS = document.body.dataset.iconos;
const SVG = "http://www.w3.org/2000/svg";

/** `h("p.chica", {id: "x"}, "texto", otro)`; what is null or false is left out. */
export function h(que, ...hijos) {
  const [etiqueta, ...clases] = que.split(".");
  const nodo = document.createElement(etiqueta);
  if (clases.length) nodo.className = clases.join(" ");
  if (hijos[0]?.constructor === Object) {
    for (const [nombre, valor] of Object.entries(hijos.shift())) {
      if (valor === null || valor === undefined || valor === false) continue;
      if (typeof valor === "function") nodo.addEventListener(nombre, valor);
      else nodo.setAttribute(nombre, valor === true ? "" : valor);
    }
  }
  nodo.append(...hijos.flat().filter((hijo) => hijo !== null && hijo !== undefined && hijo !== false));
  return nodo;
}

export function icono(nombre) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  const uso = document.createElementNS(SVG, "use");
  uso.setAttribute("href", `${ICONOS}#i-${nombre}`);
  svg.append(uso);
  return svg;
}

export const oculto = (texto) => h("span.oculto", texto);

export function titulo(texto, guia, ...mas) {
  return h("div.titulo", h("h1", { tabindex: "-1" }, texto), guia && h("p.guia", guia), ...mas);
}

export function boton(texto, alPulsar, clase = "boton") {
  return h(`button.${clase.replaceAll(" ", ".")}`, { type: "button", click: alPulsar }, ...[texto].flat());
}

export function nota(nombre, clase, ...parrafos) {
  return h(`div.nota${clase ? `.${clase}` : ""}`, icono(nombre), h("div", ...parrafos.map((p) => h("p", p))));
}

export function control({ nombre, pista, valor = "", clase = "w-correo", ...mas }) {
  return h(`input.${clase}`, {
    type: "text",
    id: `id_${nombre}`,
    name: nombre,
    value: valor,
    spellcheck: "false",
    "aria-describedby": pista ? `pista_${nombre}` : null,
    ...mas,
  });
}

/** A field as the web's: label, hint, control; its error, when there is one, goes before the control (`marcar`). */
export function campo({ etiqueta, opcional, ...suyo }, ...partes) {
  const { nombre, pista } = suyo;
  return h(
    "div.campo",
    h("label", { for: `id_${nombre}` }, etiqueta, opcional && h("span.opcional", " (opcional)")),
    pista && h("p.pista", { id: `pista_${nombre}` }, pista),
    partes.length ? partes : control(suyo),
  );
}

/** What was refused: beside each field, and in a summary that takes the focus. What was typed stays. */
export function marcar(errores) {
  document.querySelector(".resumen-errores")?.remove();
  for (const viejo of document.querySelectorAll("main .error")) perdonar(viejo.id.replace("error_", ""));
  const frases = Object.entries(errores).map(([nombre, [frase]]) => {
    const suyo = document.getElementById(`id_${nombre}`);
    if (!suyo) return h("li", frase);
    const donde = suyo.closest(".campo");
    const error = h("p.error", { id: `error_${nombre}` }, icono("alerta"), h("span", oculto("Error: "), frase));
    [...donde.querySelectorAll("label, .pista")].at(-1).after(error);
    donde.classList.add("mal");
    suyo.setAttribute("aria-invalid", "true");
    suyo.setAttribute("aria-describedby", `${suyo.getAttribute("aria-describedby") ?? ""} ${error.id}`.trim());
    const ir = (evento) => {
      evento.preventDefault(); // the address says where the App is, not which field
      document.getElementById(`id_${nombre}`).focus();
    };
    return h("li", h("a", { href: `#id_${nombre}`, click: ir }, frase));
  });
  const cuantos = frases.length === 1 ? "un dato" : `${frases.length} datos`;
  const resumen = h(
    "div.resumen-errores",
    { role: "alert", tabindex: "-1", "aria-labelledby": "h-err" },
    h("h2", { id: "h-err" }, icono("alerta"), `Revisa ${cuantos} para continuar`),
    h("ul", frases),
  );
  document.querySelector("main .titulo").before(resumen);
  document.title = `Error: ${document.title.replace(/^Error: /, "")}`;
  resumen.focus();
}

export function camino(partes, clase = "fino") {
  return h(
    `ol.camino.${clase}`,
    partes.map(({ estado, nodo, cuerpo }) => {
      const palabra = { hecho: "Listo: ", actual: "En curso: ", espera: "Pendiente: " }[estado];
      return h(
        `li.${estado}`,
        { "aria-current": estado === "actual" ? "step" : null },
        h("span.nodo", { "aria-hidden": "true" }, estado === "hecho" ? icono("listo") : nodo),
        h("div.cuerpo", clase === "fino" ? h("span", oculto(palabra), cuerpo) : [oculto(palabra), ...[cuerpo].flat()]),
      );
    }),
  );
}

export function hechos(pares) {
  return h(
    "dl.hechos",
    pares.filter(([, valor]) => valor).map(([que, valor, mas]) => h("div", h("dt", que), h("dd", valor, mas && h("small", mas)))),
  );
}

/** The five groups, with no spaces in the text: what is copied is eleven digits in a row. In large letters it breaks
 * between two of them. */
export function numero(nss, clase = "nss") {
  const grupos = [nss.slice(0, 2), nss.slice(2, 4), nss.slice(4, 6), nss.slice(6, 10), nss.slice(10)];
  return h(`p.${clase}`, { "data-nss": true, translate: "no" }, grupos.map((grupo) => h("span", grupo, h("wbr"))));
}

const MESES = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(" ");

export function fechaLarga(iso) {
  const [anio, mes, dia] = iso.split("-").map(Number);
  return `${dia} de ${MESES[mes - 1]} de ${anio}`;
}
