// Files are uploaded when they are chosen, dropped or pasted; the form then only contains their hashes.

const HEADERS = { "X-Gridloop": "1" };

async function uploadFile(place: HTMLElement, input: HTMLInputElement, file: File): Promise<void> {
  const line = document.createElement("li");
  line.append(progressLine(file));
  place.querySelector(".uploaded")?.append(line);
  const body = new FormData();
  body.append("file", file);
  try {
    const answer = await fetch("/api/v1/attachments", { method: "POST", body, headers: HEADERS });
    const answerBody = (await answer.json()) as { sha256?: string; detail?: string; media_type?: string };
    if (!answer.ok || !answerBody.sha256) throw new Error(answerBody.detail);
    line.replaceChildren(...uploadedFile(input, answerBody.sha256, file, answerBody.media_type ?? ""));
  } catch (error) {
    const message = document.createElement("span");
    message.className = "fault";
    message.textContent = `${file.name}: ${(error as Error).message || input.dataset["wrong"]}`;
    line.replaceChildren(message, removeButton(input));
  }
  place.closest("form")?.dispatchEvent(new Event("input"));
}

function progressLine(file: File): HTMLElement {
  const line = document.createElement("span");
  line.className = "muted";
  line.textContent = `${file.name} …`;
  return line;
}

function removeButton(input: HTMLInputElement): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.dataset["drop"] = "";
  button.textContent = input.dataset["remove"] ?? "✕";
  return button;
}

function uploadedFile(input: HTMLInputElement, sha256: string, file: File, mediaType: string): HTMLElement[] {
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = input.dataset["upload"] ?? "attachments";
  field.value = sha256;
  const name = document.createElement("span");
  name.textContent = `${file.name} `;
  const hash = document.createElement("small");
  hash.className = "mono muted";
  hash.textContent = sha256.slice(0, 12);
  const shown: HTMLElement[] = [field];
  if (mediaType.startsWith("image/")) {
    const picture = document.createElement("img");
    picture.src = `/api/v1/attachments/${sha256}/thumbnail`;
    picture.alt = file.name;
    shown.push(picture);
  }
  return [...shown, name, hash, removeButton(input)];
}

function uploadAll(place: HTMLElement, files: Iterable<File>): void {
  const input = place.querySelector<HTMLInputElement>("[data-upload]");
  if (!input) return;
  for (const file of files) void uploadFile(place, input, file);
  input.value = "";
}

export function setUpUploads(): void {
  document.addEventListener("change", (event) => {
    const input = event.target as HTMLInputElement;
    const place = input.closest<HTMLElement>("[data-files]");
    if (place && input.dataset["upload"] && input.files) uploadAll(place, [...input.files]);
  });
  document.addEventListener("click", (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>("[data-drop]");
    if (!button) return;
    const form = button.closest("form");
    button.closest("li")?.remove();
    form?.dispatchEvent(new Event("input"));
  });
  document.addEventListener("dragover", (event) => {
    const place = (event.target as HTMLElement).closest?.("[data-files]");
    if (!place) return;
    event.preventDefault();
    place.classList.add("over");
  });
  document.addEventListener("drop", (event) => {
    const place = (event.target as HTMLElement).closest<HTMLElement>("[data-files]");
    document.querySelectorAll(".files.over").forEach((one) => one.classList.remove("over"));
    if (!place || !event.dataTransfer) return;
    event.preventDefault();
    uploadAll(place, [...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const form = (event.target as HTMLElement).closest?.("form.action");
    const place = form?.querySelector<HTMLElement>("[data-files]");
    const files = [...(event.clipboardData?.files ?? [])];
    if (place && files.length > 0) {
      event.preventDefault();
      uploadAll(place, files);
    }
  });
}
