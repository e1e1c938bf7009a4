// Photos of a page open in the viewer, which is loaded at the first use. Without scripts they are links.

/** The photos that are shown together with this one: those of the same case. */
function photosWith(link: HTMLElement): HTMLAnchorElement[] {
  return [...(link.closest("[data-photos]") ?? document).querySelectorAll<HTMLAnchorElement>("a[data-photo]")];
}

async function openPhoto(link: HTMLAnchorElement): Promise<void> {
  const links = photosWith(link);
  const [title = "", close = "", previous = "", next = "", larger = "", smaller = ""] = (document.body.dataset["viewerWords"] ?? "").split("|");
  const photos = links.map((one) => ({ src: one.href, alt: one.dataset["photo"] ?? "" }));
  const viewer = (await import(document.body.dataset["viewer"] ?? "")) as typeof import("../viewer/viewer");
  viewer.openViewer(photos, links.indexOf(link), { title, close, previous, next, larger, smaller });
}

export function setUpPhotos(): void {
  document.addEventListener("click", (event) => {
    const link = (event.target as HTMLElement).closest<HTMLAnchorElement>("a[data-photo]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    void openPhoto(link).catch(() => window.open(link.href, "_blank", "noopener"));
  });
}
