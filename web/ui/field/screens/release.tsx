// The choice of result photos that the reporter may see: the reviewer looks at each; by default none is chosen.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Picture } from "../parts/pictures";
import { loadPicture } from "../server/prefetch";
import { t } from "../words/texts";

/** `photos`: hashes of the files of the result; files that are not pictures are never shown to the reporter. */
export function Release({ photos, chosen, change }: { photos: string[]; chosen: string[]; change: (chosen: string[]) => void }): JSX.Element | null {
  const [kinds, setKinds] = useState<string[]>([]);
  useEffect(() => {
    let unmounted = false;
    // "": not on the phone and no network. A photo that cannot be viewed cannot be released.
    const kindOf = (sha: string): Promise<string> =>
      loadPicture(sha).then(
        (blob) => blob?.type ?? "",
        () => "",
      );
    void Promise.all(photos.map(kindOf)).then((found) => void (unmounted || setKinds(found)));
    return () => void (unmounted = true);
  }, [photos.join()]);
  const shown = photos.filter((_, i) => kinds[i] === "" || kinds[i]?.startsWith("image/"));
  if (!shown.length) return null;
  return (
    <section class="card stack-s" id="release" role="group" aria-labelledby="release-name">
      <h2 id="release-name">{t("向反映人公开的成果照片")}</h2>
      <p class="hint">{t("不选则不公开。只选没有人脸、车牌等能认出个人的内容的照片。")}</p>
      <div class="photos release">
        {shown.map((sha, i) => {
          const name = t("照片 %(n)s", { n: i + 1 });
          const viewable = kinds[photos.indexOf(sha)] !== "";
          return (
            <div key={sha}>
              <Picture sha={sha} alt={name} />
              <label class="check">
                <input
                  type="checkbox"
                  disabled={!viewable}
                  checked={chosen.includes(sha)}
                  onChange={(event) => change(event.currentTarget.checked ? [...chosen, sha] : chosen.filter((known) => known !== sha))}
                />
                {t("公开照片 %(n)s", { n: i + 1 })}
              </label>
            </div>
          );
        })}
      </div>
    </section>
  );
}
