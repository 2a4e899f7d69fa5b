// Copying: a button takes the text of another element along.
// Markup: button[data-copy="id of the text"][hidden], shown only where copying is possible.
import { toast } from "./toast.js";

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    toast("Copied");
  } catch {
    // The browser does not let us: leave it selected for the person.
    getSelection().selectAllChildren(source);
    toast("Press Ctrl+C or ⌘C to copy");
  }
});
