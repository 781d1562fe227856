/** The API, asked: JSON in and out, a refusal or a missing network as an exception. */

const V1 = "/api/v1";

export class SinRed extends Error {}

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

async function pedir(metodo, camino, { token, datos, clave } = {}) {
  const cabeceras = {};
  if (token) cabeceras.Authorization = `Bearer ${token}`;
  if (clave) cabeceras["Idempotency-Key"] = clave;
  if (datos) cabeceras["Content-Type"] = "application/json";
  const opciones = { method: metodo, headers: cabeceras, credentials: "omit", cache: "no-store" };
  if (datos) opciones.body = JSON.stringify(datos);
  let respuesta;
  try {
    respuesta = await fetch(V1 + camino, opciones);
  } catch {
    throw new SinRed();
  }
  if (respuesta.ok) return respuesta;
  const cuerpo = await respuesta.json().catch(() => ({ detail: "Algo falló de nuestro lado.", title: "" }));
  throw new Problema(respuesta.status, cuerpo, Number(respuesta.headers.get("Retry-After")));
}

export async function ver(camino, token) {
  return (await pedir("GET", camino, { token })).json();
}

/** What is sent has a key: when the answer is lost on the way, asking again does nothing twice. */
export async function enviar(camino, datos, token, clave = crypto.randomUUID()) {
  for (let vuelta = 0; ; vuelta++) {
    try {
      const respuesta = await pedir("POST", camino, { token, datos, clave });
      return respuesta.status === 204 ? null : await respuesta.json();
    } catch (error) {
      if (!(error instanceof SinRed) || !navigator.onLine || vuelta === 2) throw error;
      await new Promise((listo) => setTimeout(listo, 600 * (vuelta + 1)));
    }
  }
}

export async function pdf(id, token) {
  return new Uint8Array(await (await pedir("GET", `/documentos/${id}/`, { token })).arrayBuffer());
}
