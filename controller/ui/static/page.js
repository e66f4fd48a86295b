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

// What is under way is followed: lines are added as they come, and what has changed is read anew.
const AGAIN_MS = 5_000;
const followed = new Map();

function follow() {
  for (const [part, stream] of followed) {
    if (part.isConnected) continue;
    stream.close();
    followed.delete(part);
  }
  for (const part of document.querySelectorAll("[data-stream]")) {
    if (followed.has(part)) continue;
    const stream = new EventSource(part.dataset.stream);
    followed.set(part, stream);
    stream.addEventListener("line", ({ data }) => addLine(part, data));
    stream.addEventListener("look", () => readAnew(part));
    stream.addEventListener("end", () => {
      stream.close();
      readAnew(part);
    });
  }
}

const addLine = (part, line) => part.querySelector("[data-lines]")?.insertAdjacentHTML("beforeend", line);

function readAnew(part) {
  if (!part.isConnected) return;
  htmx.ajax("GET", part.dataset.here, { target: part, select: `#${part.id}`, swap: "outerHTML" });
}

document.addEventListener("DOMContentLoaded", follow);
document.addEventListener("htmx:afterSettle", follow);

// A stream that is refused does not come again by itself, as one that is cut off does.
setInterval(() => {
  for (const [part, stream] of followed) if (stream.readyState === EventSource.CLOSED) readAnew(part);
}, AGAIN_MS);

// A host that is dragged to another aggregate is proposed to move there: the page with the preview is asked for, as its link and form do.
let dragged;

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-host]");
  if (dragged) event.dataTransfer.setData("text/plain", dragged.dataset.host);
});

document.addEventListener("dragend", () => {
  dragged = undefined;
  for (const place of document.querySelectorAll(".aggregate.over")) place.classList.remove("over");
});

document.addEventListener("dragover", (event) => {
  const place = dropPlace(event);
  for (const other of document.querySelectorAll(".aggregate.over")) other.classList.toggle("over", other === place);
  if (place === undefined) return;
  event.preventDefault();
  place.classList.add("over");
});

document.addEventListener("drop", (event) => {
  const place = dropPlace(event);
  if (place === undefined) return;
  event.preventDefault();
  const { host, source } = dragged.dataset;
  const type = place.closest("[data-board]").dataset.board;
  const asked = new URLSearchParams({ type, host, source, target: place.dataset.aggregate });
  location.assign(`/ui/spot?${asked}#move`);
});

function dropPlace(event) {
  const place = dragged && event.target.closest?.("[data-board] [data-aggregate]");
  return place && place.dataset.aggregate !== dragged.dataset.source ? place : undefined;
}
