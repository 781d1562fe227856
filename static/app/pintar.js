/** The markup of the portal, made here: text is always text, never HTML. */

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

/** A field as the web's: label, hint, error, control. */
export function campo({ nombre, etiqueta, pista, error, valor = "", clase = "w-correo", ...control }) {
  const senas = [pista && `pista_${nombre}`, error && `error_${nombre}`].filter(Boolean).join(" ");
  return h(
    `div.campo${error ? ".mal" : ""}`,
    h("label", { for: `id_${nombre}` }, etiqueta),
    pista && h("p.pista", { id: `pista_${nombre}` }, pista),
    error && h("p.error", { id: `error_${nombre}` }, icono("alerta"), h("span", oculto("Error: "), error)),
    h(`input.${clase}`, {
      type: "text",
      id: `id_${nombre}`,
      name: nombre,
      value: valor,
      spellcheck: "false",
      "aria-describedby": senas || null,
      "aria-invalid": error ? "true" : null,
      ...control,
    }),
  );
}

export function resumen(errores) {
  const cuales = Object.entries(errores);
  if (!cuales.length) return null;
  const cuantos = cuales.length === 1 ? "un dato" : `${cuales.length} datos`;
  const enlaces = cuales.map(([nombre, [frase]]) => {
    const ir = (evento) => {
      evento.preventDefault(); // the address says where the App is, not which field
      document.getElementById(`id_${nombre}`)?.focus();
    };
    return h("li", h("a", { href: `#id_${nombre}`, click: ir }, frase));
  });
  return h(
    "div.resumen-errores",
    { role: "alert", tabindex: "-1", "aria-labelledby": "h-err" },
    h("h2", { id: "h-err" }, icono("alerta"), `Revisa ${cuantos} para continuar`),
    h("ul", enlaces),
  );
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

/** The five groups, with no spaces in the text: what is copied is eleven digits in a row. */
export function numero(nss, clase = "nss") {
  const grupos = [nss.slice(0, 2), nss.slice(2, 4), nss.slice(4, 6), nss.slice(6, 10), nss.slice(10)];
  return h(`p.${clase}`, { "data-nss": true, translate: "no" }, grupos.map((grupo) => h("span", grupo)));
}

const MESES = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(" ");

export function fechaLarga(iso) {
  const [anio, mes, dia] = iso.split("-").map(Number);
  return `${dia} de ${MESES[mes - 1]} de ${anio}`;
}
