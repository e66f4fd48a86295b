// Of a form that is sent, its buttons are sent once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    return;
  }
  if (form.method !== "post") return;
  form.dataset.sent = "";
  form.setAttribute("aria-busy", "true");
});

// A page that comes back out of the browser's memory can be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

// Choosing an account loads what it sells, without another press of a button.
document.addEventListener("change", (event) => {
  if (event.target.dataset.go !== undefined) event.target.form.requestSubmit();
});
