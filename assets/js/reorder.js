// Reordering by dragging; the buttons beside each row do the same without.
// Markup: [data-reorder="id of a form"] around rows [data-row="id"] with a .grip; the form has one
// field "order" that is sent with all ids in their new order.
let dragged = null;

const rowOf = (event) => event.target.closest?.("[data-row]");
const isAbove = (event, row) => {
  const box = row.getBoundingClientRect();
  return event.clientY < box.top + box.height / 2;
};
const clear = () => {
  for (const row of document.querySelectorAll(".is-above, .is-below")) row.classList.remove("is-above", "is-below");
};

for (const grip of document.querySelectorAll("[data-reorder] .grip")) {
  grip.hidden = false;
  grip.closest("[data-row]").draggable = true;
}

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-reorder] [data-row]") ?? null;
  if (!dragged) return;
  dragged.classList.add("is-dragged");
  event.dataTransfer.effectAllowed = "move";
  // Some browsers carry nothing that has no data.
  event.dataTransfer.setData("text/plain", dragged.dataset.row);
});

document.addEventListener("dragover", (event) => {
  const row = rowOf(event);
  if (!dragged || !row || row.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  clear();
  if (row !== dragged) row.classList.add(isAbove(event, row) ? "is-above" : "is-below");
});

document.addEventListener("drop", (event) => {
  const row = rowOf(event);
  if (!dragged || !row || row === dragged || row.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  row[isAbove(event, row) ? "before" : "after"](dragged);
  const list = dragged.closest("[data-reorder]");
  const form = document.getElementById(list.dataset.reorder);
  form.elements.order.value = [...list.querySelectorAll("[data-row]")].map((each) => each.dataset.row).join(" ");
  form.requestSubmit();
});

document.addEventListener("dragend", () => {
  dragged?.classList.remove("is-dragged");
  dragged = null;
  clear();
});
