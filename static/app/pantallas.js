/** The screens: what each one shows. What happens when something is pressed is `app.js`. */

import { CAUSAS, DOCUMENTOS, ESPERAS, MOTIVOS, OTRA_PROTECCION, PASOS, SIN_HORARIO, SIN_VENTANILLA, TURNOS } from "./palabras.js";
import { boton, camino, campo, control, fechaLarga, h, hechos, icono, nota, numero, oculto, titulo } from "./pintar.js";

const volver = () => h("p.volver", h("a.enlace", { href: "#/" }, "Volver al inicio"));
const muestra = (buzon) =>
  buzon && [" Es una demostración: ", h("a", { href: buzon, target: "_blank", rel: "noopener" }, "ver el buzón de muestra", oculto(" (se abre en otra pestaña)")), "."];
const YA_NO =
  "¿Ya no tienes ese correo? Acude a la ventanilla de tu Subdelegación del IMSS con tu CURP, identificación oficial, acta de nacimiento y comprobante de domicilio. Ahí lo cambian por el que uses hoy.";
const sinValidez = (dicho) => dicho.demo && h("small.sin-validez", "Demostración · sin validez oficial");

/** The card, as it is shown at a counter: big, whole, and without a network too. */
function tarjeta({ tarjeta: dicho, alta }) {
  return h(
    "section.tarjeta",
    { "aria-label": "Tu tarjeta", "data-tarjeta": true },
    h("span.marca", h("b", "gob"), h("i"), h("span", "estudiantes")),
    h("small", "Número de Seguridad Social"),
    numero(dicho.nss),
    h(
      "div.pareja",
      h("div", h("small", "Nombre"), h("b", dicho.nombre)),
      h("div", h("small", "CURP"), h("b.curp", dicho.curp)),
      alta && h("div", h("small", "Clínica"), h("b", { "data-clinica": true }, alta.clinica)),
      alta && h("div", h("small", "Turno y consultorio"), h("b", `${TURNOS[alta.turno]}, ${alta.consultorio}`)),
    ),
    sinValidez(dicho),
  );
}

export function guardados(documentos, { abrir, mandar, conAcceso }) {
  return h(
    "ul.guardados",
    documentos.map((documento) =>
      h(
        "li",
        { "data-documento": documento.tipo },
        h("b", DOCUMENTOS[documento.tipo]),
        h("small", { "data-dicho": true }, `Folio ${documento.folio}`),
        h(
          "div.tres",
          boton([icono("descargar"), "Abrir", oculto(`: ${DOCUMENTOS[documento.tipo]} (PDF)`)], () => abrir(documento), "enlace"),
          conAcceso &&
            h(
              "button.enlace",
              { type: "button", click: () => mandar(documento), "data-con-red": true, hidden: !navigator.onLine },
              icono("correo"),
              "Enviar",
              oculto(` por correo: ${DOCUMENTOS[documento.tipo]}`),
            ),
        ),
      ),
    ),
  );
}

export function inicio({ guardado, hechos: cuantos, curso, aviso }, acciones) {
  const documentos = Object.values(guardado).flatMap((paso) => paso.documentos);
  const partes = Object.entries(PASOS).map(([tipo, paso]) => {
    const estado = paso.numero <= cuantos ? "hecho" : paso.numero === cuantos + 1 ? "actual" : "espera";
    const enCurso = curso === tipo && "Sigue donde ibas.";
    return {
      estado,
      nodo: String(paso.numero),
      cuerpo: [
        h("h2", paso.titulo),
        enCurso && h("p.chica.tenue", enCurso),
        estado === "actual"
          ? h("div.acciones", h("a.boton", { href: `#/${tipo}`, "data-paso": paso.numero }, paso.accion))
          : h("a.enlace", { href: `#/${tipo}`, "data-paso": paso.numero }, estado === "hecho" ? "Hacerlo otra vez" : paso.accion),
      ],
    };
  });
  return [
    guardado.nss
      ? [h("h1.oculto", { tabindex: "-1" }, "Tu tarjeta"), tarjeta({ tarjeta: guardado.nss.dicho, alta: guardado.clinica?.dicho })]
      : titulo("Tu seguro de salud, en tu teléfono", "Es gratis. Sólo necesitas tu CURP y tu correo electrónico."),
    aviso && h("div.a5", nota("info", "", aviso)),
    documentos.length > 0 &&
      h(
        "section.seccion",
        { "aria-labelledby": "h-doc" },
        h("h2", { id: "h-doc" }, "Tus documentos"),
        guardados(documentos, acciones),
        h("p.a3.chica.tenue", "Están guardados y cifrados en este teléfono: se ven sin conexión. «Salir» los borra."),
      ),
    h("section.seccion", { "aria-labelledby": "h-pasos" }, h("h2", { id: "h-pasos" }, cuantos ? "Tu camino" : "Tres pasos"), camino(partes, "pasos-app")),
  ];
}

export function solicitud(tipo, { valores = {}, aviso = "" }, enviar) {
  const dato = (nombre, mas) => campo({ nombre, valor: valores[nombre], ...mas });
  return [
    volver(),
    titulo(PASOS[tipo].corto, {
      nss: "Si ya tienes un NSS lo localizamos; si no, se te asigna uno.",
      vigencia: "Te decimos si tu escuela ya te inscribió y hasta cuándo.",
      clinica: "Con tu código postal buscamos la clínica que te corresponde.",
    }[tipo]),
    aviso && h("div.b5", nota("info", "aviso", aviso)),
    h(
      "form",
      { novalidate: true, submit: enviar },
      dato("curp", { etiqueta: "CURP", pista: "18 letras y números.", clase: "w-curp", autocapitalize: "characters", autocomplete: "off" }),
      document.body.dataset.identidad === "nombre" &&
        h(
          "fieldset.nombre",
          h("legend", "Tu nombre completo"),
          h("p.pista", "Como está en tu acta de nacimiento. No importan los acentos ni las mayúsculas."),
          dato("nombres", { etiqueta: "Nombre o nombres", autocomplete: "given-name" }),
          dato("primer_apellido", { etiqueta: "Primer apellido", autocomplete: "family-name" }),
          dato("segundo_apellido", { etiqueta: "Segundo apellido (opcional)", autocomplete: "additional-name" }),
        ),
      tipo === "vigencia" &&
        dato("nss", { etiqueta: "Número de Seguridad Social (NSS)", pista: "11 números.", clase: "w-curp", inputmode: "numeric", autocomplete: "off" }),
      tipo === "clinica" &&
        dato("codigo_postal", {
          etiqueta: "Código postal",
          pista: "5 números, los de donde vives.",
          clase: "w-cp",
          inputmode: "numeric",
          autocomplete: "postal-code",
        }),
      dato("correo", {
        etiqueta: "Correo electrónico personal",
        pista: "Ahí te llegan un código para seguir y tus documentos.",
        type: "email",
        autocomplete: "email",
      }),
      h("div.acciones", h("button.boton", { type: "submit" }, "Continuar")),
    ),
  ];
}

export function codigo(buzon, enviar, otro) {
  return [
    volver(),
    titulo("Escribe el código", "Te enviamos un correo con seis números. Puede tardar un minuto."),
    h(
      "form",
      { novalidate: true, submit: enviar },
      campo({
        nombre: "codigo",
        etiqueta: "Código de 6 números",
        pista: "Sirve 10 minutos.",
        clase: "w-codigo",
        inputmode: "numeric",
        autocomplete: "one-time-code",
        maxlength: "9",
      }),
      h("div.acciones", h("button.boton", { type: "submit" }, "Continuar"), boton("Empezar otra vez", otro, "enlace")),
    ),
    h("p.a6.chica.tenue", "¿No llega? Busca en correo no deseado. Si antes confirmaste otro correo para esta CURP, el código llega a ese.", muestra(buzon)),
    h("p.a4.chica.tenue", YA_NO),
  ];
}

export const procesando = (como, tarda) => [volver(), titulo("Su petición se está procesando...espere un momento."), avance(como, tarda)];

const enCurso = (partes) => partes.findIndex(({ hecho }) => !hecho);

/** The parts of the work, as on the web, and what it waits for. */
export function avance({ avance: partes, espera }, tarda) {
  const actual = enCurso(partes);
  const nodos = partes.map(({ texto, hecho }, lugar) => ({ estado: hecho ? "hecho" : lugar === actual ? "actual" : "espera", nodo: "", cuerpo: texto }));
  const solo = espera === "serie-agotada" ? "en cuanto haya más, se te asigna el tuyo" : "lo volvemos a intentar solos, las veces que haga falta";
  const aviso = espera
    ? nota("reloj", "aviso", h("b", ESPERAS[espera]), `Tu trámite sigue en pie: ${solo}. Puedes cerrar la App; en cuanto estén tus documentos, te los enviamos por correo.`)
    : nota("reloj", "", `${tarda ? "Está tardando más de lo normal. " : ""}No se pierde nada: puedes cerrar la App y volver. Si tarda, te avisamos por correo.`);
  return h(
    "div.avance",
    { "data-vivo": true, "data-espera": espera },
    h("p.tenue", h("b", `${actual} de ${partes.length}`), " listos"),
    h("progress.barra", { max: partes.length, value: actual, "aria-label": "Avance de tu trámite" }),
    camino(nodos),
    h("div.a6", aviso),
  );
}

/** The same, to be heard. */
export function dichoDe({ avance: partes, espera }, tarda) {
  const actual = enCurso(partes);
  return espera ? ESPERAS[espera] : `${tarda ? "Está tardando más de lo normal. " : ""}${actual} de ${partes.length} listos. En curso: ${partes[actual].texto}.`;
}

/** The address, with what `colonias.js` needs to find its way; the words are the web's. */
export function domicilio({ codigos, valores, despues }, enviar, ahoraNo) {
  const dato = (nombre, etiqueta, mas = {}) => campo({ nombre, etiqueta, valor: valores[nombre], autocomplete: "off", ...mas });
  const otra = (valor, texto) => h("button.enlace", { type: "button", name: "buscar_cp", value: valor, hidden: true }, texto);
  const cp = control({
    nombre: "codigo_postal",
    pista: true,
    clase: "w-cp",
    valor: valores.codigo_postal,
    inputmode: "numeric",
    autocomplete: "postal-code",
    "data-codigos": codigos,
    "data-cargado": "",
  });
  const buscar = h(
    "button.boton.segundo",
    { type: "button", name: "buscar_cp", value: "1", hidden: true, click: () => cp.dispatchEvent(new Event("input")) },
    "Buscar colonias",
  );
  const antes = "Con tu código postal te mostramos la lista.";
  const pista = h("p.pista", { id: "pista_colonia", "data-antes": antes, "data-otra": "Escríbela como viene en tu comprobante de domicilio." }, antes);
  return [
    volver(),
    titulo("Tu domicilio", despues && "Tu NSS ya es tuyo y no cambia. Si nos dices dónde vives, tu código postal ya va escrito en el paso 3."),
    !despues && nota("info", "", h("b", "No se encontró un número asociado a tu CURP, se te asignará uno."), "Para eso necesitamos saber dónde vives."),
    h(
      "form.seccion",
      { novalidate: true, submit: enviar },
      campo(
        { nombre: "codigo_postal", etiqueta: "Código postal", pista: "5 números. Con él llenamos tu entidad y tu municipio." },
        h("div.junto", cp, buscar),
        h("p.lleno", { "data-lugar": true, hidden: true }, icono("listo"), h("span", h("b"), h("span.chica.tenue", "Municipio o alcaldía y entidad"))),
        h("p.lleno", { "data-sin-lugar": true, hidden: true }, icono("info"), h("span")),
      ),
      h(
        "div.campo",
        { "data-filtro": true, hidden: true },
        h("label", { for: "filtro_colonia" }, "Buscar en la lista"),
        h("p.pista", { id: "pista_filtro" }, "Tu código postal tiene muchas. Escribe una parte del nombre y la lista se acorta."),
        h("input.w-correo", { type: "search", id: "filtro_colonia", "aria-describedby": "pista_filtro", "aria-controls": "id_colonia", autocomplete: "off", spellcheck: "false" }),
        h("p.a3.chica.tenue", { "data-cuantas": true }),
      ),
      h(
        "div.campo",
        { "data-colonia": true },
        h("label", { for: "id_colonia" }, "Colonia"),
        pista,
        control({ nombre: "colonia", pista: true, autocomplete: "address-level3" }),
        h("input", { type: "hidden", name: "colonia_no_listada" }),
        otra("otra", "Mi colonia no está en la lista"),
        otra("lista", "Elegirla de la lista"),
      ),
      dato("calle", "Calle", { autocomplete: "address-line1" }),
      h("div.par", dato("numero_exterior", "Número exterior", { clase: "w-num" }), dato("numero_interior", "Número interior", { clase: "w-num", opcional: true })),
      h("div.acciones", h("button.boton", { type: "submit" }, despues ? "Guardar mi domicilio" : "Continuar"), despues && boton("Ahora no", ahoraNo, "enlace")),
    ),
  ];
}

export function eleccion({ opciones, ninguna_cerca, actual, turno_actual, clinica, turno, aviso }, elegir, enviar) {
  const suya = opciones.find((opcion) => opcion.clinica === clinica) ?? opciones[0];
  const radio = (nombre, valor, marcado) =>
    h("input", { type: "radio", name: nombre, value: valor, checked: marcado, id: `${nombre}-${valor}`, change: (evento) => elegir(nombre, evento.target.value) });
  return [
    volver(),
    titulo(opciones.length === 1 ? "Esta es tu clínica" : "Elige tu clínica", actual && `Hoy estás en ${actual}, turno ${turno_actual}. Tu registro se conserva hasta que confirmes el cambio.`),
    aviso && h("div.b5", nota("info", "aviso", aviso)),
    ninguna_cerca &&
      h(
        "div.b5",
        nota(
          "alerta",
          "aviso",
          h("b", "El catálogo no tiene una clínica con lugar cerca de ti."),
          "No elijas todavía. Pregunta en tu Subdelegación del IMSS cuál es tu clínica. Cuando lo sepas, vuelve a este paso.",
        ),
      ),
    h(
      "form",
      { novalidate: true, submit: enviar },
      h(
        "fieldset",
        h("legend.h2", "Clínica (UMF)"),
        h(
          "div.opciones",
          opciones.map((opcion) =>
            h(
              "label.opcion",
              { for: `clinica-${opcion.clinica}` },
              radio("clinica", opcion.clinica, opcion === suya),
              h("b", opcion.nombre),
              h("span.chica", opcion.domicilio),
              h("span.dist", `Te la proponemos porque ${opcion.motivo}${opcion.kilometros === null ? "" : ` (a ${opcion.kilometros.toFixed(1)} km en línea recta)`}.`),
            ),
          ),
        ),
      ),
      h(
        "fieldset.seccion",
        h("legend.h2", "Turno"),
        h(
          "div.opciones.turno",
          suya.turnos.map((cual, lugar) =>
            h(
              "label.opcion",
              { for: `turno-${cual}` },
              radio("turno", cual, suya.turnos.includes(turno) ? cual === turno : lugar === 0),
              h("b", TURNOS[cual]),
            ),
          ),
        ),
      ),
      h("div.acciones", h("button.boton", { type: "submit" }, "Continuar")),
    ),
  ];
}

/** Which clinic it is, its CLUES says: there are many of one name. */
export function revision({ opcion, turno, actual, clinica_actual, turno_actual }, confirmar, otra) {
  const otraClinica = actual && clinica_actual !== opcion.clinica;
  const igual = actual && !otraClinica && turno_actual === turno;
  const otroTurno = igual ? "Dejarla como está" : "Cambiar de turno";
  return [
    titulo("Revisa antes de registrarte", "Todavía no se ha registrado nada."),
    igual && h("div.b5", nota("info", "aviso", h("b", "Es la clínica y el turno que ya tienes."), "No hay nada que cambiar.")),
    hechos([
      ["Clínica (UMF)", opcion.nombre],
      ["Turno", TURNOS[turno]],
      ["Domicilio", opcion.domicilio],
      ["Horario", opcion.horario || SIN_HORARIO],
      ["Teléfono", opcion.telefono],
      [otraClinica ? "Dejas de estar en" : "Hoy te toca", actual, `Turno ${turno_actual}`],
    ]),
    h(
      "div.acciones",
      boton(!actual ? "Registrarme en esta clínica" : otraClinica ? "Cambiarme a esta clínica" : otroTurno, confirmar),
      boton("Cambiar mi elección", otra, "enlace"),
    ),
  ];
}

function respuesta(tipo, tramite, dicho) {
  if (tipo === "nss") {
    return h(
      "div.heroe",
      h(
        "div",
        h("h1", { tabindex: "-1" }, "Tu NSS es:"),
        numero(dicho.nss),
        h("p.a4.tenue", { "data-resultado": tramite.resultado }, tramite.resultado === "asignado" ? "Asignación de NSS exitosa." : "Tu número ha sido localizado.", " Es tuyo para toda la vida."),
      ),
    );
  }
  if (tipo === "vigencia") {
    const [no, porque, hacer] = CAUSAS[dicho.causa] ?? [];
    return h(
      `div.veredicto.${dicho.vigente ? "si" : "no"}`,
      { "data-vigente": dicho.vigente ? "si" : "no", "data-causa": dicho.causa || null, "data-otra-cobertura": "no-se-sabe" },
      h("div.sello", { "aria-hidden": "true" }, dicho.vigente ? "SÍ" : "NO"),
      h(
        "div",
        h("h1", { tabindex: "-1" }, dicho.vigente ? "Sí tienes derecho al servicio médico" : no),
        dicho.vigente ? h("p.guia", `Hasta el ${fechaLarga(dicho.hasta)}, por ${dicho.escuela}.`) : [h("p.guia", porque(dicho)), h("p.a3", hacer), h("p.a3.chica", OTRA_PROTECCION)],
      ),
    );
  }
  return h(
    "div.heroe",
    h(
      "div",
      h("h1", { tabindex: "-1" }, "Tu clínica es:"),
      h("p.respuesta", { "data-clinica": true }, dicho.clinica),
      h("p.guia", "Consultorio ", h("b.fuerte", { "data-consultorio": true }, dicho.consultorio), ", turno ", h("b.fuerte", { "data-turno": true }, dicho.turno)),
      h("p.a3.tenue", { "data-resultado": tramite.resultado }, { registrado: "Tu registro quedó hecho.", cambiado: "Cambiaste de clínica." }[tramite.resultado] ?? "Ya tenías registro en esta clínica."),
    ),
  );
}

function sigue(tipo, dicho) {
  if (tipo === "nss") return "Entrega tu NSS a tu escuela para que te inscriba ante el IMSS. Sin esa inscripción todavía no puedes usar el servicio médico como estudiante.";
  if (tipo === "clinica") return "Preséntate en tu clínica con tu comprobante, una identificación, tu CURP y un comprobante de domicilio. Si eres menor de edad y no tienes identificación oficial, según las guías de las universidades sirve una credencial o una constancia de tu escuela con fotografía.";
  if (!dicho.vigente) return "Si es una urgencia, acude al servicio de urgencias más cercano o llama al 911. No esperes a terminar este trámite.";
  return dicho.clinica ? "Con tu identificación y tu NSS ya puedes pedir consulta." : "Te falta un paso: regístrate en una clínica para poder pedir consulta.";
}

const dondeEsta = (dicho) => [
  ["Domicilio", dicho.domicilio_clinica],
  ["Horario", dicho.horario || SIN_HORARIO],
  ["Teléfono", dicho.telefono],
  ["Ventanilla", dicho.ventanilla || SIN_VENTANILLA],
];

export function resultado(tipo, { tramite, dicho, documentos }, { aviso, ...acciones }) {
  return [
    respuesta(tipo, tramite, dicho),
    aviso && h("div.a5", nota("listo", "bien", aviso)),
    tipo === "clinica" && h("div.a6", hechos(dondeEsta(dicho))),
    h(
      "section.seccion",
      { "aria-labelledby": "h-doc" },
      h("h2", { id: "h-doc" }, "Documentos"),
      guardados(documentos, acciones),
      h("p.a3.chica.tenue", "También te los enviamos por correo. Es importante imprimir los formatos que te genere el sistema."),
    ),
    h("section.seccion", { "aria-labelledby": "h-sig" }, h("h2", { id: "h-sig" }, "Lo que sigue"), h("p", sigue(tipo, dicho))),
    h(
      "div.acciones",
      boton("Finalizar trámite", acciones.finalizar),
      acciones.cambiar && boton("Cambiar de clínica o de turno", acciones.cambiar, "enlace"),
      acciones.domicilio && boton("Dar mi domicilio (opcional)", acciones.domicilio, "enlace"),
    ),
  ];
}

export function finalizado(siguiente) {
  return [
    h(
      "div.veredicto.si.chico",
      h("div.sello", { "aria-hidden": "true" }, icono("listo")),
      h("div", h("h1", { tabindex: "-1" }, "Tu petición ha sido procesada"), h("p.guia", "Tus documentos van a tu correo y están en este teléfono.")),
    ),
    h("div.acciones", siguiente && h("a.boton", { href: `#/${siguiente}` }, PASOS[siguiente].accion), h("a.enlace", { href: "#/" }, "Volver al inicio")),
  ];
}

export function rechazo(motivo, folio, corregir) {
  const dicho = MOTIVOS[motivo] ?? MOTIVOS.bloqueada;
  const [texto, destino] = dicho.boton;
  return [
    titulo(dicho.titulo, dicho.guia),
    h(
      "section",
      { "data-motivo": motivo, "aria-labelledby": "h-hacer" },
      h("h2.b5", { id: "h-hacer" }, "Qué puedes hacer"),
      camino(dicho.hacer.map(([que, cuerpo], lugar) => ({ estado: lugar ? "espera" : "actual", nodo: String(lugar + 1), cuerpo: [h("h3", que), h("p", cuerpo)] })), "lista"),
    ),
    h("div.acciones", destino === null ? boton(texto, () => corregir()) : h("a.boton", { href: `#/${destino}`, click: () => corregir(destino) }, texto)),
    h("p.a6.chica.tenue", "Si pides ayuda, da este folio: ", h("b.folio", { "data-folio": true }, folio)),
  ];
}

/** When it cannot go on now: what happened, and one thing to press. */
export function alto(que, texto, seguir) {
  return [volver(), titulo(que), nota("info", "aviso", texto), h("div.acciones", boton("Intentar otra vez", seguir))];
}
