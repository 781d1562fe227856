/** The API, asked: JSON in and out, a refusal or a missing network as an exception. */

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
const FALLA = { title: "Ahora no podemos atenderte", detail: "Algo falla de nuestro lado. Inténtalo en unos minutos." };

async function pedir(metodo, camino, { token, datos, clave, leer = json }) {
  const cabeceras = {};
  if (token) cabeceras.Authorization = `Bearer ${token}`;
  if (clave) cabeceras["Idempotency-Key"] = clave;
  if (datos) cabeceras["Content-Type"] = "application/json";
  const opciones = { method: metodo, headers: cabeceras, credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(PACIENCIA) };
  if (datos) opciones.body = JSON.stringify(datos);
  if (metodo === "POST") opciones.keepalive = true; // «Salir», and the App is closed: it leaves all the same
  let respuesta;
  let cuerpo;
  try {
    respuesta = await fetch(V1 + camino, opciones);
    cuerpo = await (respuesta.ok ? leer(respuesta) : respuesta.json().catch(() => FALLA));
  } catch {
    throw new SinRed();
  }
  if (respuesta.ok) return cuerpo;
  throw new Problema(respuesta.status, cuerpo, Number(respuesta.headers.get("Retry-After")));
}

export const ver = (camino, token) => pedir("GET", camino, { token });

/** What is sent has a key: when the answer is lost on the way, asking again does nothing twice. */
export async function enviar(camino, datos, token, clave) {
  for (let vuelta = 0; ; vuelta++) {
    try {
      return await pedir("POST", camino, { token, datos, clave });
    } catch (error) {
      if (!(error instanceof SinRed) || !navigator.onLine || vuelta === 2) throw error;
      await new Promise((listo) => setTimeout(listo, 600 * (vuelta + 1)));
    }
  }
}

export const pdf = (id, token) =>
  pedir("GET", `/documentos/${id}/`, { token, leer: async (respuesta) => new Uint8Array(await respuesta.arrayBuffer()) });
