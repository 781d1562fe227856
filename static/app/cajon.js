/** The drawer: what is kept on this device, encrypted with a key that no script can take out of it. */

const NOMBRE = "estudiantes";

function abrir() {
  return new Promise((listo, fallo) => {
    const pedido = indexedDB.open(NOMBRE, 1);
    pedido.onupgradeneeded = () => {
      pedido.result.createObjectStore("llave");
      pedido.result.createObjectStore("cosas");
    };
    pedido.onsuccess = () => listo(pedido.result);
    pedido.onerror = () => fallo(pedido.error);
  });
}

async function con(almacen, modo, hacer) {
  const base = await abrir();
  try {
    return await new Promise((listo, fallo) => {
      const trato = base.transaction(almacen, modo);
      const pedido = hacer(trato.objectStore(almacen));
      trato.oncomplete = () => listo(pedido.result);
      trato.onerror = trato.onabort = () => fallo(trato.error);
    });
  } finally {
    base.close();
  }
}

async function llave() {
  const hay = await con("llave", "readonly", (almacen) => almacen.get("unica"));
  if (hay) return hay;
  const nueva = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  try {
    await con("llave", "readwrite", (almacen) => almacen.add(nueva, "unica"));
    return nueva;
  } catch {
    return con("llave", "readonly", (almacen) => almacen.get("unica")); // another tab was first
  }
}

let fila = Promise.resolve();

/** One change after another: nothing that was being kept comes after everything is thrown away. */
const enFila = (hacer) => (fila = fila.then(hacer, hacer));

export const guardarBytes = (nombre, bytes) =>
  enFila(async () => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const cifrado = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await llave(), bytes);
    await con("cosas", "readwrite", (almacen) => almacen.put({ iv, cifrado }, nombre));
  });

export async function leerBytes(nombre) {
  const cosa = await con("cosas", "readonly", (almacen) => almacen.get(nombre));
  if (!cosa) return null;
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: cosa.iv }, await llave(), cosa.cifrado));
}

export const guardar = (nombre, valor) => guardarBytes(nombre, new TextEncoder().encode(JSON.stringify(valor)));

export async function leer(nombre) {
  const bytes = await leerBytes(nombre);
  return bytes && JSON.parse(new TextDecoder().decode(bytes));
}

/** Everything, the key first: without it the rest is noise, whatever happens next. */
export const vaciar = () =>
  enFila(async () => {
    await con("llave", "readwrite", (almacen) => almacen.clear());
    await con("cosas", "readwrite", (almacen) => almacen.clear());
    await new Promise((listo) => {
      const pedido = indexedDB.deleteDatabase(NOMBRE);
      pedido.onsuccess = pedido.onerror = pedido.onblocked = listo;
    });
  });
