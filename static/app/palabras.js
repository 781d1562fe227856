/** What the App says of each step, each refusal and each document. */

import { fechaLarga } from "./pintar.js";

export const PASOS = {
  nss: { numero: 1, titulo: "Obtén o localiza tu Número de Seguridad Social", accion: "Obtener mi NSS", corto: "Tu NSS" },
  vigencia: { numero: 2, titulo: "Verifica que tu escuela te haya inscrito", accion: "Verificar mi inscripción", corto: "Tu vigencia" },
  clinica: { numero: 3, titulo: "Regístrate en la clínica que te corresponde", accion: "Registrarme en mi clínica", corto: "Tu clínica" },
};

export const DOCUMENTOS = {
  nss: "Número de Seguridad Social",
  tarjeta: "Tarjeta de Número de Seguridad Social",
  vigencia: "Reporte de Vigencia de Derechos",
  "comprobante-clinica": "Comprobante de alta en clínica",
  "tarjeta-adscripcion": "Tarjeta de adscripción",
};

// What nobody has told the portal of a clinic is asked there.
export const SIN_HORARIO = "Pregunta el horario en la clínica";
export const SIN_VENTANILLA = "Pregunta en la clínica por la ventanilla de vigencia y su horario";

const EN_SUBDELEGACION = "Lleva tu CURP, comprobante de domicilio, identificación oficial, acta de nacimiento y correo electrónico.";

/** Of each refusal: what happened, what to do (its name, what it is), and what is pressed. */
export const MOTIVOS = {
  "curp-no-encontrada": {
    titulo: "No encontramos tu CURP en el registro de población",
    guia: "Está bien escrita, pero no aparece. No se asignó ningún número ni se envió ningún documento.",
    hacer: [
      ["Compárala con tu acta de nacimiento", "Fíjate en la fecha, en la entidad donde naciste y en los dos últimos caracteres. ¿Hay algo distinto?"],
      ["Si es correcta, vuelve a intentarlo más tarde", "Una CURP recién emitida o corregida puede tardar en aparecer en el registro."],
      ["Si sigue sin aparecer, acude a tu Subdelegación del IMSS", EN_SUBDELEGACION],
    ],
    boton: ["Corregir mi CURP", null],
  },
  "identidad-no-comprobada": {
    titulo: "No pudimos comprobar que la CURP es tuya",
    guia: "La CURP, el nombre y el correo tienen que ser los de una misma persona. Por seguridad no decimos cuál no coincide. No se mostró ni se asignó nada.",
    hacer: [
      ["Revisa lo que escribiste", "Compara tu CURP y tu nombre con tu acta de nacimiento. Escribe todos tus nombres y tus dos apellidos, si los tienes."],
      ["¿Ya usaste otro correo aquí?", "Haz el trámite con ese correo: es el que responde por ti."],
      ["Si todo está bien, acude a tu Subdelegación del IMSS", `${EN_SUBDELEGACION} Ahí comprueban que eres tú. En control escolar también te orientan.`],
    ],
    boton: ["Corregir mis datos", null],
  },
  "curp-sin-nss": {
    titulo: "Todavía no tienes un Número de Seguridad Social",
    guia: "Encontramos tu CURP, pero no tiene un NSS asignado. Sin él, ninguna escuela puede inscribirte.",
    hacer: [
      ["Obtén tu NSS en el paso 1", "Es gratuito y se hace aquí mismo. Tu CURP y tu correo ya van escritos."],
      ["Entrégalo a tu escuela", "Con ese número tu escuela te inscribe ante el IMSS."],
      ["Vuelve a este paso", "Cuando tu escuela te avise que ya te inscribió."],
    ],
    boton: ["Obtener mi NSS", "nss"],
  },
  "nss-no-corresponde": {
    titulo: "Ese NSS no corresponde a tu CURP",
    guia: "El NSS que escribiste no es el que está registrado con tu CURP. No se envió ningún documento.",
    hacer: [
      ["Revisa los 11 números", "Compáralos con tu documento o tu tarjeta del paso 1, y fíjate que la CURP también sea la tuya."],
      ["Si estás seguro de tu NSS, acude a tu Subdelegación del IMSS", `Por seguridad no podemos mostrar aquí cuál es el correcto. Ahí comprueban que eres tú y, si tienes dos números, los unifican. ${EN_SUBDELEGACION}`],
      ["Avísale a tu escuela", "Si te inscribió con un NSS equivocado, tiene que corregirlo."],
    ],
    boton: ["Corregir mis datos", null],
  },
  "sin-vigencia": {
    titulo: "Todavía no puedes registrarte en una clínica",
    guia: "Hoy no hay una inscripción vigente de tu escuela, y la clínica se elige con ella.",
    hacer: [
      ["Verifica tu inscripción en el paso 2", "Te decimos qué falta."],
      ["Pide en control escolar que te inscriban", "Con tu CURP y tu NSS. Es gratis."],
      ["Vuelve a este paso", "Cuando tu escuela te avise que ya te inscribió."],
    ],
    boton: ["Verificar mi inscripción", "vigencia"],
  },
  bloqueada: {
    titulo: "No podemos seguir en línea con esta CURP",
    guia: "El trámite está detenido para protegerte. Si ya tienes un NSS, sigue siendo tuyo.",
    hacer: [
      ["Acude a tu Subdelegación del IMSS", `${EN_SUBDELEGACION} Ahí comprueban que eres tú y te dan o te localizan tu NSS.`],
      ["Da el folio de esta pantalla", "Con él ven por qué se detuvo y lo resuelven contigo."],
      ["¿Escribiste la CURP de otra persona?", "Vuelve a empezar con la tuya."],
    ],
    boton: ["Empezar con mi CURP", null],
  },
};

/** Of each NO: the answer, why (with what the report says), and what to do. */
export const CAUSAS = {
  "nunca-inscrito": [
    "Tu escuela no te ha inscrito",
    () => "Ninguna escuela te ha inscrito con este NSS. Se arregla en tu escuela, sin costo.",
    "Lleva tu NSS a control escolar y pide que te inscriban ante el IMSS. En cuanto una escuela te inscriba, te avisamos por correo.",
  ],
  baja: [
    "Tu escuela dio aviso de tu baja",
    ({ escuela, hasta }) => `Tu último día con servicio por ${escuela} fue el ${fechaLarga(hasta)}.`,
    "Si sigues estudiando, pide en control escolar que te inscriban otra vez.",
  ],
  "ciclo-terminado": [
    "Tu inscripción ya terminó",
    ({ escuela, hasta }) => `Tu ciclo en ${escuela} terminó el ${fechaLarga(hasta)} y no hay una inscripción nueva.`,
    "Si sigues estudiando, pide en control escolar que te inscriban en el ciclo nuevo.",
  ],
  "aun-no-inicia": [
    "Tu inscripción todavía no empieza",
    ({ escuela, desde }) => `${escuela} ya te inscribió. Tienes servicio desde el ${fechaLarga(desde)}.`,
    "Ese día, regístrate en tu clínica: es el paso 3. No hay que hacer nada más con la escuela.",
  ],
};

/** Beside each NO: it is of the school alone. */
export const OTRA_PROTECCION = "Aquí sólo sabemos lo que tu escuela informó. Si tienes servicio por tu trabajo, una pensión o tu familia, este reporte no lo dice ni lo cambia.";

/** What a trámite waits for: never a refusal. */
export const ESPERAS = {
  "registro-no-disponible": "El registro de población no responde en este momento.",
  "serie-agotada": "Por ahora no quedan números disponibles para tu Subdelegación.",
  documento: "Seguimos trabajando en tu documento: tarda más de lo normal en prepararse.",
  atencion: "Esto nos está tomando más de lo normal, por una falla de nuestro lado.",
};

export const TURNOS = { matutino: "Matutino", vespertino: "Vespertino" };
