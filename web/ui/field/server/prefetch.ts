// Prefetching the cases of the task list while there is a network: view, facts, pictures.
import { apiUrl, ServerRefusal } from "./request";
import { fetchAndCache, readCached } from "./cached";
import { StorageFull, localStore, type StoredRecord } from "../store/database";
import type { CaseView, Fact, InboxItem } from "../types";

interface StoredPicture extends StoredRecord {
  data: ArrayBuffer;
  type: string;
}

const MAX_TASKS = 40;
const MAX_PICTURES = 8;

/** Cache the case, facts and pictures of each task; cases that have not changed are not fetched again. */
export async function prefetch(tasks: InboxItem[], signal: AbortSignal, onProgress: (done: number, all: number) => void): Promise<void> {
  const cases = new Map(tasks.slice(0, MAX_TASKS).map((item) => [item.case.case_no, item.case.revision]));
  let done = 0;
  for (const [case_no, revision] of cases) {
    if (signal.aborted) return;
    try {
      await prefetchCase(case_no, revision);
    } catch (error) {
      if (error instanceof StorageFull) return;
      if (!(error instanceof ServerRefusal)) return; // no network: try again later
    }
    onProgress(++done, cases.size);
  }
}

async function prefetchCase(case_no: string, revision: number): Promise<void> {
  const cached = await readCached<CaseView>(`cases/${case_no}`);
  const facts = await readCached<Fact[]>(`cases/${case_no}/facts`);
  const current = cached?.value.revision === revision && facts ? cached.value : await fetchAndCache<CaseView>(`cases/${case_no}`);
  if (current !== cached?.value || !facts) await fetchAndCache<Fact[]>(`cases/${case_no}/facts`);
  for (const sha of current.attachments.slice(0, MAX_PICTURES)) await loadPicture(sha);
}

/** A picture of a case, from the phone or else from the server; null if it is not available. Throws StorageFull. */
export async function loadPicture(sha: string): Promise<Blob | null> {
  const store = await localStore;
  const stored = await store.get<StoredPicture>("files", sha);
  if (stored) return new Blob([stored.data], { type: stored.type });
  try {
    const response = await fetch(apiUrl(`attachments/${sha}`), { credentials: "same-origin" });
    if (!response.ok) return null;
    const blob = await response.blob();
    await store.put("files", { id: sha, data: await blob.arrayBuffer(), type: blob.type } as StoredPicture);
    return blob;
  } catch (error) {
    if (error instanceof StorageFull) throw error;
    return null;
  }
}
