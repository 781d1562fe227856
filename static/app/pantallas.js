/** The screens: what each one shows. What happens when something is pressed is `app.js`. */

import { CAUSAS, DOCUMENTOS, MOTIVOS, PASOS, TRABAJANDO, TURNOS } from "./palabras.js";
import { boton, camino, campo, fechaLarga, h, hechos, icono, nota, numero, oculto, resumen, titulo } from "./pintar.js";

const volver = () => h("p.volver", h("a.enlace", { href: "#/" }, "Volver al inicio"));
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

export function guardados(documentos, { abrir, mandar, conRed }) {
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
          conRed &&
            boton([icono("correo"), "Enviar", oculto(` por correo: ${DOCUMENTOS[documento.tipo]}`)], () => mandar(documento), "enlace"),
        ),
      ),
    ),
  );
}

export function inicio({ guardado, hechos: cuantos, curso }, acciones) {
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

export function solicitud(tipo, { valores = {}, errores = {}, extranjero = false, aviso = "" }, enviar) {
  const control = (nombre, mas) => campo({ nombre, valor: valores[nombre], error: errores[nombre]?.[0], ...mas });
  return [
    volver(),
    resumen(errores),
    titulo(PASOS[tipo].corto, {
      nss: "Si ya tienes un NSS lo localizamos; si no, se te asigna uno.",
      vigencia: "Te decimos si tu escuela ya te inscribió y hasta cuándo.",
      clinica: "Con tu código postal buscamos la clínica que te corresponde.",
    }[tipo]),
    aviso && nota("info", "aviso", aviso),
    h(
      "form",
      { novalidate: true, submit: enviar },
      control("curp", { etiqueta: "CURP", pista: "18 letras y números.", clase: "w-curp", autocapitalize: "characters", autocomplete: "off" }),
      tipo === "vigencia" &&
        control("nss", { etiqueta: "Número de Seguridad Social (NSS)", pista: "11 números.", clase: "w-curp", inputmode: "numeric", autocomplete: "off" }),
      (tipo === "clinica" || extranjero) &&
        control("codigo_postal", {
          etiqueta: "Código postal",
          pista: "5 números, los de donde vives.",
          clase: "w-cp",
          inputmode: "numeric",
          autocomplete: "postal-code",
        }),
      control("correo", {
        etiqueta: "Correo electrónico personal",
        pista: "Ahí te llegan un código para seguir y tus documentos.",
        type: "email",
        autocomplete: "email",
      }),
      h("div.acciones", h("button.boton", { type: "submit" }, "Continuar")),
    ),
  ];
}

export function codigo({ errores = {}, buzon }, enviar, otro) {
  return [
    volver(),
    resumen(errores),
    titulo("Escribe el código", "Te enviamos un correo con seis números. Puede tardar un minuto."),
    h(
      "form",
      { novalidate: true, submit: enviar },
      campo({
        nombre: "codigo",
        etiqueta: "Código de 6 números",
        pista: "Sirve 10 minutos.",
        error: errores.codigo?.[0],
        clase: "w-codigo",
        inputmode: "numeric",
        autocomplete: "one-time-code",
        maxlength: "9",
      }),
      h("div.acciones", h("button.boton", { type: "submit" }, "Continuar"), boton("Empezar otra vez", otro, "enlace")),
    ),
    h(
      "p.a6.chica.tenue",
      "¿No llega? Busca en correo no deseado. Si antes confirmaste otro correo para esta CURP, el código llega a ese.",
      buzon && [" Es una demostración: ", h("a", { href: buzon, target: "_blank", rel: "noopener" }, "ver el buzón de muestra", oculto(" (se abre en otra pestaña)")), "."],
    ),
  ];
}

export function procesando(tipo, estado) {
  const orden = tipo === "nss" ? ["recibido", "asignando", "emitiendo"] : ["recibido", "emitiendo"];
  const cual = Math.max(orden.indexOf(estado), 0);
  const visibles = orden.filter((paso) => paso !== "asignando" || paso === estado);
  const partes = visibles.map((paso) => ({
    estado: orden.indexOf(paso) < cual ? "hecho" : paso === orden[cual] ? "actual" : "espera",
    nodo: "",
    cuerpo: TRABAJANDO[paso],
  }));
  return [
    volver(),
    titulo("Su petición se está procesando...espere un momento."),
    h("div.avance", camino(partes)),
    h("p.a6.chica.tenue", "No se pierde nada: puedes cerrar la App y volver. Si tarda, te avisamos por correo."),
  ];
}

export function domicilio({ valores = {}, errores = {} }, enviar) {
  const control = (nombre, etiqueta, mas = {}) => campo({ nombre, etiqueta, valor: valores[nombre], error: errores[nombre]?.[0], ...mas });
  return [
    volver(),
    resumen(errores),
    titulo("Tu domicilio", "Con él sabemos qué Subdelegación te corresponde."),
    h(
      "form",
      { novalidate: true, submit: enviar },
      control("codigo_postal", "Código postal", { clase: "w-cp", inputmode: "numeric", autocomplete: "postal-code" }),
      control("colonia", "Colonia"),
      control("calle", "Calle"),
      control("numero_exterior", "Número exterior", { clase: "w-num" }),
      control("numero_interior", "Número interior (opcional)", { clase: "w-num" }),
      h("div.acciones", h("button.boton", { type: "submit" }, "Continuar")),
    ),
  ];
}

export function eleccion({ opciones, actual, clinica, turno, errores = {} }, elegir, enviar) {
  const suya = opciones.find((opcion) => opcion.clinica === clinica) ?? opciones[0];
  const radio = (nombre, valor, marcado) =>
    h("input", { type: "radio", name: nombre, value: valor, checked: marcado, id: `${nombre}-${valor}`, change: (evento) => elegir(nombre, evento.target.value) });
  return [
    volver(),
    resumen(errores),
    titulo(opciones.length === 1 ? "Esta es tu clínica" : "Elige tu clínica", actual && `Hoy estás en ${actual}. Tu registro se conserva hasta que confirmes el cambio.`),
    h(
      "form",
      { novalidate: true, submit: enviar },
      h(
        "fieldset",
        h("legend.h2", { id: "id_clinica", tabindex: "-1" }, "Clínica (UMF)"),
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
        h("legend.h2", { id: "id_turno", tabindex: "-1" }, "Turno"),
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

export function revision({ opcion, turno }, confirmar, otra) {
  return [
    titulo("Revisa antes de registrarte"),
    hechos([
      ["Clínica", opcion.nombre],
      ["Turno", TURNOS[turno]],
      ["Domicilio", opcion.domicilio],
      ["Horario", opcion.horario],
    ]),
    h("div.acciones", boton("Registrarme en esta clínica", confirmar), boton("Elegir otra", otra, "enlace")),
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
    const [porque, hacer] = CAUSAS[dicho.causa] ?? [];
    return h(
      `div.veredicto.${dicho.vigente ? "si" : "no"}`,
      { "data-vigente": dicho.vigente ? "si" : "no", "data-causa": dicho.causa || null },
      h("div.sello", { "aria-hidden": "true" }, dicho.vigente ? "SÍ" : "NO"),
      h(
        "div",
        h("h1", { tabindex: "-1" }, dicho.vigente ? "Sí tienes derecho al servicio médico" : "Hoy no tienes derecho al servicio médico"),
        dicho.vigente ? h("p.guia", `Hasta el ${fechaLarga(dicho.hasta)}, por ${dicho.escuela}.`) : [h("p.guia", porque), h("p.a3", hacer)],
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

const SIGUE = {
  nss: "Entrega tu NSS a tu escuela para que te inscriba ante el IMSS. Sin esa inscripción todavía no puedes usar el servicio médico.",
  vigencia: "",
  clinica: "Preséntate en tu clínica con tu comprobante, una identificación, tu CURP y un comprobante de domicilio.",
};

export function resultado(tipo, { tramite, dicho, documentos }, acciones) {
  return [
    respuesta(tipo, tramite, dicho),
    tipo === "clinica" && h("div.a6", hechos([["Domicilio", dicho.domicilio_clinica], ["Horario", dicho.horario], ["Ventanilla", dicho.ventanilla]])),
    h(
      "section.seccion",
      { "aria-labelledby": "h-doc" },
      h("h2", { id: "h-doc" }, "Documentos"),
      guardados(documentos, acciones),
      h("p.a3.chica.tenue", "También te los enviamos por correo. Es importante imprimir los formatos que te genere el sistema."),
    ),
    SIGUE[tipo] && h("section.seccion", { "aria-labelledby": "h-sig" }, h("h2", { id: "h-sig" }, "Lo que sigue"), h("p", SIGUE[tipo])),
    h("div.acciones", boton("Finalizar trámite", acciones.finalizar), acciones.cambiar && boton("Cambiar de clínica o de turno", acciones.cambiar, "enlace")),
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
      camino(dicho.hacer.map((cuerpo, lugar) => ({ estado: lugar ? "espera" : "actual", nodo: String(lugar + 1), cuerpo: h("p", cuerpo) })), "lista"),
    ),
    h("div.acciones", destino === null ? boton(texto, () => corregir()) : h("a.boton", { href: `#/${destino}`, click: () => corregir(destino) }, texto)),
    h("p.a6.chica.tenue", "Si pides ayuda, da este folio: ", h("b.folio", { "data-folio": true }, folio)),
  ];
}

/** When it cannot go on now: what happened, and one thing to press. */
export function alto(que, texto, seguir) {
  return [volver(), titulo(que), nota("info", "aviso", texto), h("div.acciones", boton("Intentar otra vez", seguir))];
}
