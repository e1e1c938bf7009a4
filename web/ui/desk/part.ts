// A part of a page as text. Who asks anew no longer wants what was asked for before.

const busy = document.documentElement.classList;

export class PartLoader {
  #controller: AbortController | undefined;

  /** What stands at the address; null when something else was asked for meanwhile. Rejects where no answer comes. */
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
