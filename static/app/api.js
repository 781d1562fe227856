/** The server, asked: JSON or a drawn screen, and a refusal or a missing network as an exception. */

const V1 = "/api/v1";
const PACIENCIA = 20_000; // past this, a network is as good as none

export class SinRed extends Error {
  message = "No hay conexión. Inténtalo cuando vuelva la red.";
}

/** A refusal of the API (RFC 9457). */
export class Problema extends Error {
  constructor(estado, cuerpo, espera) {
    super(cuerpo.detail);
    this.estado = estado;
    this.titulo = cuerpo.title;
    this.tipo = String(cuerpo.type).split("#")[1];
    this.errores = cuerpo.errores ?? {};
    this.espera = espera;
  }
}

const json = (respuesta) => (respuesta.status === 204 ? null : respuesta.json());
const texto = (respuesta) => respuesta.text();
const FALLA = { title: "Ahora no podemos atenderte", detail: "Algo falla de nuestro lado. Inténtalo en unos minutos." };

async function pedir(metodo, camino, { token, datos, forma, clave, leer = json }) {
  const cabeceras = {};
  if (token) cabeceras.Authorization = `Bearer ${token}`;
  if (clave) cabeceras["Idempotency-Key"] = clave;
  if (datos && !forma) cabeceras["Content-Type"] = "application/json";
  const opciones = { method: metodo, headers: cabeceras, credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(PACIENCIA) };
  if (datos) opciones.body = forma ? new URLSearchParams(datos) : JSON.stringify(datos);
  if (metodo === "POST") opciones.keepalive = true; // «Salir», and the App is closed: it leaves all the same
  let respuesta;
  let cuerpo;
  try {
    respuesta = await fetch(camino, opciones);
    // A form that was refused comes back drawn, with what is wrong in it.
    const entera = respuesta.ok || (forma && respuesta.status === 422);
    cuerpo = await (entera ? leer(respuesta) : respuesta.json().catch(() => FALLA));
  } catch {
    throw new SinRed();
  }
  if (typeof cuerpo === "string" || respuesta.ok) return cuerpo;
  throw new Problema(respuesta.status, cuerpo, Number(respuesta.headers.get("Retry-After")));
}

/** A screen of a trámite: the one of its state, or, by the rest of its address, another. */
export const pantalla = (id, token, cual = "") => pedir("GET", `/app/pantalla/${id}/${cual}`, { token, leer: texto });

/** What was chosen on a screen, for the one that comes after it. */
export const elegir = (id, datos, token) => pedir("POST", `/app/pantalla/${id}/eleccion/`, { token, datos, forma: true, leer: texto });

/** What is sent has a key: when the answer is lost on the way, asking again does nothing twice. */
export async function enviar(camino, datos, token, clave) {
  for (let vuelta = 0; ; vuelta++) {
    try {
      return await pedir("POST", V1 + camino, { token, datos, clave });
    } catch (error) {
      if (!(error instanceof SinRed) || !navigator.onLine || vuelta === 2) throw error;
      await new Promise((listo) => setTimeout(listo, 600 * (vuelta + 1)));
    }
  }
}

export const pdf = (id, token) =>
  pedir("GET", `${V1}/documentos/${id}/`, { token, leer: async (respuesta) => new Uint8Array(await respuesta.arrayBuffer()) });
