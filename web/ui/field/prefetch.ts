// What stands behind the tasks of the list, fetched while there is a network: facts, history, pictures.
import { address, Refused } from "./ask";
import { fetched, last } from "./cached";
import { Full, shelf, type Kept } from "./shelf";
import type { CaseView, Fact, InboxItem } from "./types";

interface Picture extends Kept {
  data: ArrayBuffer;
  type: string;
}

const MOST_TASKS = 40;
const MOST_PICTURES = 8;

/** Keeps each task's case, timeline and pictures; those that have not changed are not asked for again. */
export async function prefetch(tasks: InboxItem[], signal: AbortSignal, told: (done: number, all: number) => void): Promise<void> {
  const cases = new Map(tasks.slice(0, MOST_TASKS).map((item) => [item.case.case_no, item.case.revision]));
  let done = 0;
  for (const [case_no, revision] of cases) {
    if (signal.aborted) return;
    try {
      await keepCase(case_no, revision);
    } catch (error) {
      if (error instanceof Full) return;
      if (!(error instanceof Refused)) return; // no network: later
    }
    told(++done, cases.size);
  }
}

async function keepCase(case_no: string, revision: number): Promise<void> {
  const known = await last<CaseView>(`cases/${case_no}`);
  const facts = await last<Fact[]>(`cases/${case_no}/facts`);
  const current = known?.value.revision === revision && facts ? known.value : await fetched<CaseView>(`cases/${case_no}`);
  if (current !== known?.value || !facts) await fetched<Fact[]>(`cases/${case_no}/facts`);
  for (const sha of current.attachments.slice(0, MOST_PICTURES)) await picture(sha);
}

/** A picture of a case, from the phone or else from the server; null when there is none to be had. Throws Full. */
export async function picture(sha: string): Promise<Blob | null> {
  const place = await shelf;
  const known = await place.get<Picture>("files", sha);
  if (known) return new Blob([known.data], { type: known.type });
  try {
    const said = await fetch(address(`attachments/${sha}`), { credentials: "same-origin" });
    if (!said.ok) return null;
    const blob = await said.blob();
    await place.put("files", { id: sha, data: await blob.arrayBuffer(), type: blob.type } as Picture);
    return blob;
  } catch (error) {
    if (error instanceof Full) throw error;
    return null;
  }
}
