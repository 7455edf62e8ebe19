import "./common.js";
// where the menu is one line to be pushed along, the page one is on is seen in it
const menu = document.querySelector(".menu ul"), current = menu?.querySelector("[aria-current]");
if (current) menu.scrollLeft = current.offsetLeft - (menu.clientWidth - current.offsetWidth) / 2;
const rows = [...document.querySelectorAll("tr[data-href]")];
let here = -1;
function go(to) {
  if (!rows.length) return;
  rows[here]?.classList.remove("here");
  here = Math.max(0, Math.min(rows.length - 1, to));
  rows[here].classList.add("here"); rows[here].scrollIntoView({ block: "nearest" });
}
addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j") go(here + 1);
  else if (event.key === "k") go(here - 1);
  else if (event.key === "Enter" && here >= 0) location.href = rows[here].dataset.href;
  else if (event.key === "/") { document.querySelector("#find")?.focus(); event.preventDefault(); }
  else if (event.key === "n") document.querySelector("[data-new]")?.click();
  else if (event.key === "?") document.querySelector("#keys")?.toggleAttribute("open");
});
