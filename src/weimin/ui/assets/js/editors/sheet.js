// What both editors share: the text goes into the form's hidden field when it is sent, a fault in the list shows its
// place, and leaving with changes asks first.
export function keep({ form, save, isChanged, select, has }) {
  const problem = form.querySelector("[data-problem]");
  let sending = false;
  form.addEventListener("submit", async (event) => {
    if (form.querySelector("input[type=file]").files.length) { sending = true; return; }
    event.preventDefault();
    try {
      form.elements.xml.value = await save();
      sending = true;
      form.submit();
    } catch (fault) { problem.textContent = `没能取出图：${fault.message}`; problem.hidden = false; delete form.dataset.sent; }
  });
  addEventListener("beforeunload", (event) => { if (!sending && isChanged()) event.preventDefault(); });
  for (const one of document.querySelectorAll("[data-where]")) {
    if (!one.dataset.where || !has(one.dataset.where)) continue;
    one.hidden = false;
    one.addEventListener("click", () => { select(one.dataset.where); form.scrollIntoView({ block: "start" }); });
  }
}
