/** What the shell brings drawn by the server (`templates/app/piezas.html`), copied; and what a form was refused. */

import { perdonar } from "../js/colonias.js";

export const uno = (selector, en = document) => en.querySelector(selector);
export const todos = (selector, en = document) => [...en.querySelectorAll(selector)];

/** A piece of the shell, ready to be put in its place. */
export const copia = (nombre) => document.getElementById(`pieza-${nombre}`).content.cloneNode(true).firstElementChild;

/** The HTML that a template of the server drew, as an element. */
export function leida(html) {
  const hoja = document.createElement("template");
  hoja.innerHTML = html;
  return hoja.content.firstElementChild;
}

/** When it cannot go on now: what happened, and one thing to press. */
export function alto(pantalla, que, texto, seguir) {
  const pieza = copia("alto");
  pieza.dataset.dibuja = pantalla;
  uno("h1", pieza).textContent = que;
  uno(".nota p", pieza).textContent = texto;
  uno("[data-seguir]", pieza).addEventListener("click", () => seguir());
  return pieza;
}

/** Below the title of a screen, what has just happened. */
export function avisar(pantalla, texto) {
  if (!texto) return;
  const nota = copia("aviso");
  uno("p", nota).textContent = texto;
  (uno(".tarjeta, .titulo:not(.junto), .heroe, .veredicto", pantalla) ?? uno(".volver", pantalla)).after(nota);
}

/** What is known already, written in the fields of its name. */
export function rellenar(pantalla, valores) {
  for (const campo of todos("input[type=text], input[type=email]", pantalla)) campo.value ||= valores[campo.name] ?? "";
}

/** What was refused: beside each field, and in a summary that takes the focus. What was typed stays. */
export function marcar(errores) {
  uno(".resumen-errores")?.remove();
  for (const viejo of todos("main .error")) perdonar(viejo.id.replace("error_", ""));
  const dichos = Object.entries(errores);
  const resumen = copia(dichos.length === 1 ? "un-error" : "errores");
  const rotulo = uno("h2", resumen).lastChild;
  rotulo.textContent = rotulo.textContent.replace("2", dichos.length);
  const lineas = dichos.map(([nombre, [frase]]) => {
    const linea = document.createElement("li");
    const suyo = document.getElementById(`id_${nombre}`);
    const donde = suyo?.closest(".campo");
    if (!donde) {
      linea.textContent = frase;
      return linea;
    }
    const error = copia("error");
    error.id = `error_${nombre}`;
    uno("span", error).lastChild.textContent = frase;
    todos("label, .pista", donde).at(-1).after(error);
    donde.classList.add("mal");
    suyo.setAttribute("aria-invalid", "true");
    suyo.setAttribute("aria-describedby", `${suyo.getAttribute("aria-describedby") ?? ""} ${error.id}`.trim());
    linea.append(Object.assign(document.createElement("a"), { href: `#${suyo.id}`, textContent: frase }));
    return linea;
  });
  uno("ul", resumen).replaceChildren(...lineas);
  uno("main .titulo").before(resumen);
  document.title = `Error: ${document.title.replace(/^Error: /, "")}`;
  resumen.focus();
}
