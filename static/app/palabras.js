/** What the App says of each step, each refusal and each document. */

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

export const MOTIVOS = {
  "curp-no-encontrada": {
    titulo: "No encontramos tu CURP en el registro de población",
    guia: "Está bien escrita, pero no aparece. No se asignó ni se registró nada.",
    hacer: [
      "Compárala con tu acta de nacimiento: la fecha, la entidad y los dos últimos caracteres.",
      "Si es correcta, vuelve a intentarlo más tarde: una CURP recién emitida puede tardar en aparecer.",
      "Si sigue sin aparecer, acude a tu Subdelegación del IMSS con tu acta y una identificación.",
    ],
    boton: ["Corregir mi CURP", null],
  },
  "curp-sin-nss": {
    titulo: "Todavía no tienes NSS",
    guia: "Con esa CURP no hay un Número de Seguridad Social.",
    hacer: ["Obtén tu NSS: sólo necesitas tu CURP y tu correo.", "Entrégalo a tu escuela para que te inscriba.", "Después vuelve a este paso."],
    boton: ["Obtener mi NSS", "nss"],
  },
  "nss-no-corresponde": {
    titulo: "Ese NSS no es el de esa CURP",
    guia: "Alguno de los dos está mal escrito, o el registro tiene un error.",
    hacer: [
      "Compara tu NSS con el documento del paso 1.",
      "Si no lo tienes a la mano, localízalo otra vez en el paso 1.",
      "Si los dos están bien escritos, acude a tu Subdelegación del IMSS: ahí lo corrigen.",
    ],
    boton: ["Corregir mis datos", null],
  },
  "sin-vigencia": {
    titulo: "Todavía no puedes registrarte en una clínica",
    guia: "Para eso tu escuela tiene que haberte inscrito, y hoy no hay una inscripción vigente.",
    hacer: ["Verifica tu inscripción en el paso 2: te decimos qué falta.", "Pide en control escolar que te inscriban. Es gratis.", "Vuelve a este paso cuando te avisen."],
    boton: ["Verificar mi inscripción", "vigencia"],
  },
  bloqueada: {
    titulo: "Este trámite se atiende en ventanilla",
    guia: "Los datos de esta CURP están protegidos a petición de su titular.",
    hacer: ["Acude a tu Subdelegación del IMSS con tu CURP, identificación oficial y acta de nacimiento."],
    boton: ["Volver al inicio", ""],
  },
};

export const CAUSAS = {
  "nunca-inscrito": ["Ninguna escuela te ha inscrito todavía.", "Lleva tu NSS a control escolar y pide que te inscriban ante el IMSS. Es gratis."],
  baja: ["Tu escuela dio aviso de tu baja.", "Si sigues estudiando, pide en control escolar que te inscriban otra vez."],
  "ciclo-terminado": ["Tu ciclo escolar terminó y no hay una inscripción nueva.", "Si sigues estudiando, pide en control escolar que te inscriban en el ciclo nuevo."],
  "aun-no-inicia": ["Tu escuela ya te inscribió, pero tu derecho empieza después.", "Espera a ese día: no hay que hacer nada más con la escuela."],
};

export const TRABAJANDO = {
  recibido: "Buscamos tus datos en el registro",
  asignando: "Te asignamos un número",
  emitiendo: "Preparamos tus documentos",
};

export const TURNOS = { matutino: "Matutino", vespertino: "Vespertino" };
