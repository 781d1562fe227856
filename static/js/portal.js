// Comforts for pages that already work without any of this: copying, listening, live progress.

const uno = (selector, en = document) => en.querySelector(selector);
const todos = (selector, en = document) => [...en.querySelectorAll(selector)];
const pausa = (ms) => new Promise((listo) => setTimeout(listo, ms));

/** Announce a text politely to screen readers. */
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
        await navigator.clipboard.writeText(document.getElementById(boton.dataset.copiar).innerText.trim());
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

/** Bring this page again and put in place what has changed in its live parts. */
async function refrescar() {
  const respuesta = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (respuesta.status >= 500) throw new Error(respuesta.statusText);
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
        if (respuesta.status >= 500) throw new Error(respuesta.statusText);
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
