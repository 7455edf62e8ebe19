// Small helps on top of pages that work without script: no double sending, questions that appear when they matter.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 8000);
  });
}
addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sent; });

const shown = document.querySelectorAll("[data-show-field]");
function update() {
  for (const box of shown) {
    const wanted = box.dataset.showValues.split("|");
    const inputs = [...document.querySelectorAll(`[name="${CSS.escape(box.dataset.showField)}"]`)];
    const chosen = inputs.filter((i) => !["radio", "checkbox"].includes(i.type) || i.checked).map((i) => i.value);
    box.hidden = inputs.length > 0 && !chosen.some((value) => wanted.includes(value));
  }
}
if (shown.length) { update(); addEventListener("change", update); }

for (const input of document.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => {
    const files = [...input.files];
    let said = input.parentElement.querySelector(".file-said");
    if (!said) { said = document.createElement("p"); said.className = "hint file-said"; said.setAttribute("role", "status"); input.after(said); }
    const size = (file) => file.size / 1048576;
    const big = files.find((file) => size(file) > 20);
    said.textContent = big ? `“${big.name}”有 ${size(big).toFixed(1)} MB，超过 20 MB，请换一张或压缩后再传。`
      : files.length ? `已选${files.map((file) => `“${file.name}”（${Math.max(size(file), 0.1).toFixed(1)} MB）`).join("、")}。` : "";
  });
}
// A choice that narrows the next one: the page is asked for again with what is typed, and one part of it is taken over.
for (const select of document.querySelectorAll("select[data-fills]")) {
  const button = select.parentElement.querySelector("button[name]"), name = button.name, id = select.dataset.fills;
  button.remove();
  select.addEventListener("change", async () => {
    const body = new FormData(select.form);
    const old = document.getElementById(id), asked = select.value;
    body.set(name, "1");
    for (const one of old.querySelectorAll("[name]")) body.delete(one.name);
    for (const one of old.querySelectorAll("select")) one.disabled = true;
    const answer = await fetch(location.href, { method: "POST", body }).catch(() => null);
    const fresh = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
    if (select.value !== asked) return;
    if (fresh) document.getElementById(id).replaceWith(fresh);
    else for (const one of old.querySelectorAll("select")) one.disabled = false;
  });
}
// Long work: a section with data-live="seconds" is fetched again until the server no longer marks it; then the page loads anew,
// or with data-live-only nothing but the section: a page that answered a form is not sent again.
const live = document.querySelector("[data-live]");
async function follow() {
  if (!document.hidden) {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer?.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(live.id);
      if (!fresh?.dataset.live) return "liveOnly" in live.dataset && fresh ? live.replaceWith(fresh) : location.reload();
      live.replaceChildren(...fresh.childNodes);
    }
  }
  setTimeout(follow, live.dataset.live * 1000);
}
if (live) setTimeout(follow, live.dataset.live * 1000);
