// Pictures from the phone or from a case.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { photoBlob } from "../device/photo";
import { loadPicture } from "../server/prefetch";
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

/** A photo of the outbox or of a draft. */
export function Thumb({ id, alt = "" }: { id: string; alt?: string }): JSX.Element {
  const address = useObjectUrl(id, photoBlob);
  return address ? <img class="thumb" src={address} alt={alt} /> : <span class="thumb thumb-none" />;
}

/** A picture of a case; a tap shows it on the whole screen. */
export function Picture({ sha, alt }: { sha: string; alt: string }): JSX.Element {
  const address = useObjectUrl(sha, loadPicture);
  const [large, setLarge] = useState(false);
  if (address === "")
    return (
      <span class="picture picture-none">
        <Icon name="image" />
        {t("图片需联网查看")}
      </span>
    );
  return (
    <button type="button" class={large ? "picture picture-large" : "picture"} aria-label={large ? t("缩小 %(what)s", { what: alt }) : t("放大 %(what)s", { what: alt })} onClick={() => setLarge(!large)}>
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
