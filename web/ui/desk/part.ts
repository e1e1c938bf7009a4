// Loading a part of a page as text. A new request aborts the previous one.

const busy = document.documentElement.classList;

export class PartLoader {
  #controller: AbortController | undefined;

  /** The text at the address; null if another request was made in the meantime. Rejects if there is no answer. */
  async fetch(address: string): Promise<string | null> {
    this.#controller?.abort();
    const controller = new AbortController();
    this.#controller = controller;
    busy.add("is-busy");
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: controller.signal });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      return await answer.text();
    } catch (error) {
      if (controller.signal.aborted) return null;
      throw error;
    } finally {
      if (this.#controller === controller) busy.remove("is-busy");
    }
  }
}
