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

/** A picture of a case, as large as a screen, from the phone or else from the server; null if it is not available. Of a file
 * that is not a picture an empty blob with its type. Throws StorageFull. */
export async function loadPicture(sha: string): Promise<Blob | null> {
  const store = await localStore;
  const stored = await store.get<StoredPicture>("files", sha);
  if (stored) return new Blob([stored.data], { type: stored.type });
  try {
    const kind = await fetchBlob(`attachments/${sha}`, { Range: "bytes=0-0" });
    const isPicture = kind?.type.startsWith("image/") ?? false;
    const blob = isPicture ? await fetchBlob(`attachments/${sha}/thumbnail?size=large`) : kind && new Blob([], { type: kind.type });
    if (!blob) return null;
    await store.put("files", { id: sha, data: await blob.arrayBuffer(), type: blob.type } as StoredPicture);
    return blob;
  } catch (error) {
    if (error instanceof StorageFull) throw error;
    return null;
  }
}

async function fetchBlob(path: string, headers: Record<string, string> = {}): Promise<Blob | null> {
  const response = await fetch(apiUrl(path), { credentials: "same-origin", headers });
  return response.ok ? response.blob() : null;
}
