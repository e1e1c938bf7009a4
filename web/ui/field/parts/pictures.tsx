// Pictures from the phone or from a case.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { photoBlob } from "../device/photo";
import { loadPicture } from "../server/prefetch";
import { apiUrl } from "../server/request";
import { t } from "../words/texts";
import { Icon } from "./ui";

/** The object URL of a picture while it is shown; null: still loading; "": there is none. */
export function useObjectUrl(id: string, read: (id: string) => Promise<Blob | null>): string | null {
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    let url = "";
    let unmounted = false;
    void read(id)
      .catch(() => null)
      .then((blob) => {
        if (unmounted) return;
        url = blob ? URL.createObjectURL(blob) : "";
        setAddress(url);
      });
    return () => {
      unmounted = true;
      if (url) URL.revokeObjectURL(url);
    };
  }, [id]);
  return address;
}

/** A photo of the outbox or of a draft. A mark stands for a film, and for a photo that the phone can't show. */
export function Thumb({ id, alt = "" }: { id: string; alt?: string }): JSX.Element {
  const address = useObjectUrl(id, photoBlob);
  const [unreadable, setUnreadable] = useState(false);
  if (unreadable)
    return (
      <span class="thumb thumb-none">
        <Icon name="file" />
        <span class="sr">{alt}</span>
      </span>
    );
  return address ? <img class="thumb" src={address} alt={alt} onError={() => setUnreadable(true)} /> : <span class="thumb thumb-none" />;
}

/** A file of a case that is not a picture: a film or a document, which is read over the network. */
function OtherFile({ sha, type }: { sha: string; type: string }): JSX.Element {
  const address = apiUrl(`attachments/${sha}`);
  if (type.startsWith("video/")) return <video class="film" controls preload="none" playsInline src={address} aria-label={t("视频")} />;
  return (
    <a class="picture picture-none" href={address} target="_blank" rel="noopener">
      <Icon name="file" />
      {type === "application/pdf" ? "PDF" : t("文件")}
    </a>
  );
}

/** Show the pictures of the same section over the whole screen, beginning with this one. */
async function openPictures(button: HTMLElement): Promise<void> {
  const { openViewer } = await import("../../viewer/viewer");
  const buttons = [...(button.closest("section") ?? document).querySelectorAll<HTMLElement>("button.picture")].filter((one) => one.querySelector("img"));
  const photos = buttons.map((one) => one.querySelector("img")!).map(({ src, alt }) => ({ src, alt }));
  const words = { title: t("照片"), close: t("关闭"), previous: t("上一张"), next: t("下一张"), larger: t("放大"), smaller: t("缩小") };
  openViewer(photos, buttons.indexOf(button), words);
}

/** A file of a case; a tap on a picture shows it over the whole screen. */
export function Picture({ sha, alt }: { sha: string; alt: string }): JSX.Element {
  const [kind, setKind] = useState("");
  const address = useObjectUrl(sha, async (id) => {
    const blob = await loadPicture(id);
    setKind(blob?.type ?? "");
    return blob;
  });
  if (address && kind && !kind.startsWith("image/")) return <OtherFile sha={sha} type={kind} />;
  if (address === "")
    return (
      <span class="picture picture-none">
        <Icon name="image" />
        {t("图片需联网查看")}
      </span>
    );
  return (
    <button type="button" class="picture" disabled={!address} aria-label={t("放大 %(what)s", { what: alt })} onClick={(event) => void openPictures(event.currentTarget)}>
      {address && <img src={address} alt={alt} />}
    </button>
  );
}

/** Two pictures of one place, one over the other; the slider sets how much of the later one is visible. */
export function Compare({ before, after }: { before: string; after: string }): JSX.Element {
  const [share, setShare] = useState(50);
  const first = useObjectUrl(before, loadPicture);
  const second = useObjectUrl(after, loadPicture);
  return (
    <figure class="compare">
      <div class="compare-frame">
        {first && <img src={first} alt={t("处置前")} />}
        {second && <img class="compare-after" src={second} alt={t("处置后")} style={{ clipPath: `inset(0 0 0 ${100 - share}%)` }} />}
        <span class="compare-tag compare-left" aria-hidden="true">
          {t("处置前")}
        </span>
        <span class="compare-tag compare-right" aria-hidden="true">
          {t("处置后")}
        </span>
      </div>
      <input
        type="range"
        min={0}
        max={100}
        value={share}
        aria-label={t("处置后照片占比")}
        onInput={(event) => setShare(Number(event.currentTarget.value))}
      />
    </figure>
  );
}
