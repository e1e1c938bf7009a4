// The photos of a report or an answer: the camera first, then the album.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { bridge } from "../device/bridge";
import { Fault } from "../parts/fault";
import { formatExact } from "../words/moments";
import { removePhoto, NotAPicture, TooLarge, storePhoto } from "../device/photo";
import { Thumb } from "../parts/pictures";
import type { DraftPhoto } from "../store/report_draft";
import { StorageFull } from "../store/database";
import { t } from "../words/texts";
import { Icon, Note } from "../parts/ui";

const MAX_PHOTOS = 6;

export function Photos(props: { id: string; photos: DraftPhoto[]; mark: string[]; fault: string; after?: boolean; change: (photos: DraftPhoto[]) => void }): JSX.Element {
  const { id, photos, mark, fault, after, change } = props;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<"" | "full" | "no picture" | "large">("");
  const take = async (from: "camera" | "album"): Promise<void> => {
    if (busy) return;
    setProblem("");
    const files = await bridge.chooseImage(from);
    if (!files.length) return;
    setBusy(true);
    let taken = photos;
    try {
      for (const file of files.slice(0, MAX_PHOTOS - photos.length)) {
        try {
          taken = [...taken, await storePhoto(file, [formatExact(Date.now()), ...mark])];
          change(taken);
        } catch (error) {
          // The others are still taken.
          if (error instanceof NotAPicture) setProblem("no picture");
          else if (error instanceof TooLarge) setProblem("large");
          else throw error;
        }
      }
    } catch (error) {
      if (!(error instanceof StorageFull)) throw error;
      setProblem("full");
    } finally {
      setBusy(false);
    }
  };
  const remove = async (photo: string): Promise<void> => {
    change(photos.filter((known) => known.id !== photo));
    await removePhoto(photo);
  };
  const dark = photos.some(({ warning }) => warning === "dark");
  const small = photos.some(({ warning }) => warning === "small");
  const hints = after ? [t("处置后")] : [t("近景"), t("远景")];
  return (
    <section class={after ? "stack-s" : "card stack-s"} id={id}>
      <h2 class="split">
        {after ? t("处置后照片") : t("照片")}
        <span class="hint">
          {photos.length}/{MAX_PHOTOS}
        </span>
      </h2>
      <div class="photos">
        {photos.map(({ id: photo }, i) => (
          <span class="photo" key={photo}>
            <Thumb id={photo} alt={hints[i] ?? t("照片 %(n)s", { n: i + 1 })} />
            <span class="photo-name">{hints[i] ?? i + 1}</span>
            <button type="button" class="photo-drop" aria-label={t("移除照片 %(n)s", { n: i + 1 })} onClick={() => void remove(photo)}>
              <Icon name="close" />
            </button>
          </span>
        ))}
        {photos.length < MAX_PHOTOS && (
          <button type="button" class="photo-add" disabled={busy} onClick={() => void take("camera")}>
            <Icon name="camera" />
            {busy ? t("处理中…") : t("拍%(what)s", { what: hints[photos.length] ?? t("更多") })}
          </button>
        )}
        {photos.length < MAX_PHOTOS && (
          <button type="button" class="photo-add photo-album" disabled={busy} onClick={() => void take("album")}>
            <Icon name="image" />
            {t("相册")}
          </button>
        )}
      </div>
      {dark && <Note kind="warn">{t("有照片过暗,建议重拍")}</Note>}
      {small && <Note kind="warn">{t("有照片过小,细节可能看不清")}</Note>}
      {problem === "full" && (
        <Note kind="bad" live>
          {t("手机存储已满,照片没有保存。请先上传待传内容或清理缓存。")}
        </Note>
      )}
      {problem === "no picture" && (
        <Note kind="bad" live>
          {t("有文件不是照片或视频,没有添加;其他照片已保留")}
        </Note>
      )}
      {problem === "large" && (
        <Note kind="bad" live>
          {t("这个文件太大,没有添加:照片不超过 20 MB,视频不超过 100 MB")}
        </Note>
      )}
      <Fault text={fault} />
    </section>
  );
}
