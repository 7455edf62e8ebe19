// The editor of a draft: the form as people will see it, drawn anew by the server while it is typed. Works without it.
const form = document.querySelector("#editor"), into = [...document.querySelectorAll("[data-into]")];
let timer = 0, asked = 0;
async function draw() {
  const mine = ++asked;
  const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) }).catch(() => null);
  if (!answer?.ok || mine !== asked) return;
  const text = await answer.text();
  for (const box of into) {
    const parts = [...new DOMParser().parseFromString(text, "text/html").body.childNodes];
    box.replaceChildren(...parts);
    // shown twice and never sent: what stands in the frames has neither name nor id
    for (const one of box.querySelectorAll("[id],[name],[for],[aria-describedby]")) {
      for (const name of ["id", "name", "for", "aria-describedby"]) one.removeAttribute(name);
    }
  }
}
if (form && into.length) {
  draw();
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(draw, 400); });
}
