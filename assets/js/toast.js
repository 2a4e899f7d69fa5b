// A short message that goes by itself; said to screen readers too.
// Markup: one [data-toasts] region on every page.
const LASTS = 5000;

export function toast(text) {
  const region = document.querySelector("[data-toasts]");
  if (!region) return;
  const message = document.createElement("p");
  message.className = "toast";
  message.textContent = text;
  region.append(message);
  setTimeout(() => message.remove(), LASTS);
}
