// A part of a page as text. Who asks anew no longer wants what was asked for before.

const busy = document.documentElement.classList;

export class Part {
  #asking: AbortController | undefined;

  /** What stands at the address; null when something else was asked for meanwhile. Rejects where no answer comes. */
  async fetch(address: string): Promise<string | null> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    busy.add("is-busy");
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: asking.signal });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      return await answer.text();
    } catch (error) {
      if (asking.signal.aborted) return null;
      throw error;
    } finally {
      if (this.#asking === asking) busy.remove("is-busy");
    }
  }
}
