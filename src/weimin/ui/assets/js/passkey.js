// Passkeys: a button with data-passkey="create" or "get" asks the device and sends the answer with its form.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

function asked(options) {
  const key = structuredClone(options.publicKey);
  key.challenge = bytes(key.challenge);
  if (key.user) key.user.id = bytes(key.user.id);
  for (const list of [key.excludeCredentials, key.allowCredentials]) for (const one of list ?? []) one.id = bytes(one.id);
  return { publicKey: key };
}

function answered(key) {
  const { response } = key;
  const fields = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const said = Object.fromEntries(fields.filter((name) => response[name]).map((name) => [name, text(response[name])]));
  if (response.getTransports) said.transports = response.getTransports();
  return { type: key.type, id: key.id, rawId: text(key.rawId), authenticatorAttachment: key.authenticatorAttachment,
    response: said, clientExtensionResults: key.getClientExtensionResults() };
}

async function options(button) {
  if (!button.dataset.from) return JSON.parse(document.getElementById("passkey-data").textContent);
  const answer = await fetch(button.dataset.from, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(answer.status === 429 ? "often" : "down");
  return answer.json();
}

const words = { often: "试的次数太多，请过一会儿再试。", down: "暂时连不上，请稍后再试。", InvalidStateError: "这台设备上已经有您的通行密钥了。" };
for (const button of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  const { form } = button;
  const said = form.querySelector(".passkey-said");
  form.hidden = false;
  button.addEventListener("click", async () => {
    said.textContent = "请按设备上的提示操作。";
    try {
      const data = await options(button);
      const key = button.dataset.passkey === "create"
        ? await navigator.credentials.create(asked(data.creation_options))
        : await navigator.credentials.get(asked(data.request_options));
      form.elements.credential.value = JSON.stringify(answered(key));
      form.submit();
    } catch (fault) {
      said.textContent = words[fault.message] ?? words[fault.name] ?? "没有完成，可以再试一次，或换一种方式。";
    }
  });
}
