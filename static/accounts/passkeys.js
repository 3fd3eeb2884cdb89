// Passkeys: the browser's dialog for making one, or for signing in with one. A form with data-passkey="create" or "get" gets
// what the server asks from its data-options (the id of a JSON script) or from its action, and sends back the answer.

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = form.querySelector("[data-passkey-problem]");
    problem.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(await ask(form));
    } catch (error) {
      problem.textContent = form.dataset[error.name === "NotSupportedError" ? "unsupported" : "refused"];
      problem.hidden = false;
      return;
    }
    form.submit();
  });
}

async function ask(form) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) throw new DOMException("", "NotSupportedError");
  const options = await wanted(form);
  if (form.dataset.passkey === "create") {
    const selection = options.creation_options.publicKey.authenticatorSelection;
    const opensAlone = form.elements.passwordless?.checked ?? false;
    selection.residentKey = opensAlone ? "required" : "discouraged";
    selection.requireResidentKey = opensAlone;
    if (opensAlone) selection.userVerification = "required";
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options.creation_options.publicKey);
    return (await navigator.credentials.create({ publicKey })).toJSON();
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.request_options.publicKey);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}

async function wanted(form) {
  if (form.dataset.options) return JSON.parse(document.getElementById(form.dataset.options).textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}
