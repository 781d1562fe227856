// Accessible names that Django's own scripts leave out of the widgets they build.

const nombrar = (raiz) => {
  // Select2 names its box by what is chosen in it, and by nothing when nothing is: the field's own name goes first.
  for (const caja of raiz.querySelectorAll(".select2-selection")) {
    const campo = caja.closest(".select2").previousElementSibling;
    const nombre = campo.labels[0]?.textContent ?? campo.getAttribute("aria-label");
    const decir = () => caja.setAttribute("aria-label", `${nombre} ${campo.selectedOptions[0]?.text ?? ""}`);
    caja.removeAttribute("aria-labelledby");
    // What is chosen is text, and not one more field inside of the box.
    caja.firstElementChild.removeAttribute("role");
    caja.firstElementChild.removeAttribute("aria-readonly");
    decir();
    django.jQuery(campo).on("change", decir).on("select2:open", () => {
      document.querySelector(".select2-search__field").setAttribute("aria-label", nombre);
    });
  }
  // The magnifier beside a list, which has a name and nothing that could bear it.
  for (const lupa of raiz.querySelectorAll(".search-label-icon")) lupa.setAttribute("role", "img");
};

// After Django's, which work when the page is ready, when it is loaded, and when a row is added.
addEventListener("load", () => setTimeout(nombrar, 0, document));
document.addEventListener("formset:added", (evento) => setTimeout(nombrar, 0, evento.target));
