// The photos of a report or an answer: the camera first, then the album.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { bridge } from "../bridge";
import { Fault } from "../fault";
import { exact } from "../moments";
import { dropPhoto, NotAPicture, takeIn } from "../photo";
import { Thumb } from "../pictures";
import type { DraftPhoto } from "../report_draft";
import { Full } from "../shelf";
import { t } from "../texts";
import { Icon, Note } from "../ui";

const MOST = 6;

export function Photos(props: { id: string; photos: DraftPhoto[]; mark: string[]; fault: string; after?: boolean; change: (photos: DraftPhoto[]) => void }): JSX.Element {
  const { id, photos, mark, fault, after, change } = props;
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<"" | "full" | "no picture">("");
  const take = async (from: "camera" | "album"): Promise<void> => {
    if (busy) return;
    setTrouble("");
    const files = await bridge.chooseImage(from);
    if (!files.length) return;
    setBusy(true);
    let known = photos;
    try {
      for (const file of files.slice(0, MOST - photos.length)) {
        known = [...known, await takeIn(file, [exact(Date.now()), ...mark])];
        change(known);
      }
    } catch (error) {
      if (error instanceof Full) setTrouble("full");
      else if (error instanceof NotAPicture) setTrouble("no picture");
      else throw error;
    } finally {
      setBusy(false);
    }
  };
  const remove = async (photo: string): Promise<void> => {
    change(photos.filter((known) => known.id !== photo));
    await dropPhoto(photo);
  };
  const dark = photos.some(({ warning }) => warning === "dark");
  const small = photos.some(({ warning }) => warning === "small");
  const asked = after ? [t("处置后")] : [t("近景"), t("远景")];
  return (
    <section class={after ? "stack-s" : "card stack-s"} id={id}>
      <h2 class="split">
        {after ? t("处置后照片") : t("照片")}
        <span class="hint">
          {photos.length}/{MOST}
        </span>
      </h2>
      <div class="photos">
        {photos.map(({ id: photo }, i) => (
          <span class="photo" key={photo}>
            <Thumb id={photo} alt={asked[i] ?? t("照片 %(n)s", { n: i + 1 })} />
            <span class="photo-name">{asked[i] ?? i + 1}</span>
            <button type="button" class="photo-drop" aria-label={t("移除照片 %(n)s", { n: i + 1 })} onClick={() => void remove(photo)}>
              <Icon name="close" />
            </button>
          </span>
        ))}
        {photos.length < MOST && (
          <button type="button" class="photo-add" disabled={busy} onClick={() => void take("camera")}>
            <Icon name="camera" />
            {busy ? t("处理中…") : t("拍%(what)s", { what: asked[photos.length] ?? t("更多") })}
          </button>
        )}
        {photos.length < MOST && (
          <button type="button" class="photo-add photo-album" disabled={busy} onClick={() => void take("album")}>
            <Icon name="image" />
            {t("相册")}
          </button>
        )}
      </div>
      {dark && <Note kind="warn">{t("有照片过暗,建议重拍")}</Note>}
      {small && <Note kind="warn">{t("有照片过小,细节可能看不清")}</Note>}
      {trouble === "full" && (
        <Note kind="bad" live>
          {t("手机存储已满,照片没有保存。请先上传待传内容或清理缓存。")}
        </Note>
      )}
      {trouble === "no picture" && (
        <Note kind="bad" live>
          {t("这个文件不是可用的照片,没有添加")}
        </Note>
      )}
      <Fault text={fault} />
    </section>
  );
}
