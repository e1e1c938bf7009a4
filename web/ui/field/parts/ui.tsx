// The building blocks of all screens.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { onChange } from "../store/database";
import { t } from "../words/texts";
import { goBack } from "../router";

export function Icon({ name }: { name: string }): JSX.Element {
  return (
    <svg class="icon" aria-hidden="true">
      <use href={`#i-${name}`} />
    </svg>
  );
}

/** A screen with its title; `leave`: the action of the back arrow, none for the screens of the bottom bar. */
export function Screen(props: {
  title: string;
  leave?: boolean | (() => void);
  side?: ComponentChildren;
  foot?: ComponentChildren;
  children: ComponentChildren;
}): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${props.title} · Gridloop`;
    heading.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [props.title]);
  const leave = typeof props.leave === "function" ? props.leave : () => goBack();
  return (
    <>
      <header class="bar">
        {props.leave && (
          <button type="button" class="quiet bar-back" onClick={leave} aria-label={t("返回")}>
            <Icon name="arrow-left" />
          </button>
        )}
        <h1 ref={heading} tabIndex={-1}>
          {props.title}
        </h1>
        <span class="grow" />
        {props.side}
      </header>
      <main class={props.foot ? "has-foot" : ""}>{props.children}</main>
      {props.foot && <div class="foot">{props.foot}</div>}
    </>
  );
}

/** A row that is a link. */
export function Cell(props: { href: string; children: ComponentChildren; side?: ComponentChildren }): JSX.Element {
  return (
    <a class="cell" href={props.href}>
      <span class="cell-main">{props.children}</span>
      {props.side && <span class="cell-side">{props.side}</span>}
      <Icon name="chevron-right" />
    </a>
  );
}

const SIGNS: Record<string, string> = { red: "●", yellow: "▲", green: "■", grey: "‖", closed: "✓" };

/** The light of a deadline with its sign and text, never colour alone. */
export function Light({ light, children }: { light: string; children: ComponentChildren }): JSX.Element {
  return (
    <span class={`light light-${light}`}>
      <span aria-hidden="true">{SIGNS[light] ?? "■"}</span>
      <span>{children}</span>
    </span>
  );
}

export function Empty({ children }: { children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>;
}

export function Note(props: { kind?: "warn" | "good" | "bad"; children: ComponentChildren; live?: boolean }): JSX.Element {
  const kind = props.kind === "bad" ? "alert" : `notice ${props.kind ?? ""}`;
  return (
    <div class={kind} role={props.live ? "status" : undefined}>
      {props.children}
    </div>
  );
}

/** A button that asks for confirmation before an action that cannot be undone. */
export function ConfirmButton(props: { label: string; sure: string; onSure: () => void }): JSX.Element {
  const [asked, setAsked] = useState(false);
  if (!asked)
    return (
      <button type="button" class="danger" onClick={() => setAsked(true)}>
        <Icon name="delete" />
        {props.label}
      </button>
    );
  return (
    <span class="sure" role="group" aria-label={props.sure}>
      <span>{props.sure}</span>
      <button type="button" class="danger solid" onClick={props.onSure}>
        {t("确定删除")}
      </button>
      <button type="button" onClick={() => setAsked(false)}>
        {t("取消")}
      </button>
    </span>
  );
}

/** A value read from the phone's database, read again after each change. */
export function useStored<T>(read: () => Promise<T>, fallback: T, about: unknown = 0): T {
  const [value, setValue] = useState(fallback);
  useEffect(() => {
    let unmounted = false;
    let latest = 0;
    const reload = async (): Promise<void> => {
      const number = ++latest;
      const found = await read();
      if (!unmounted && number === latest) setValue(found);
    };
    void reload();
    const stop = onChange(() => void reload());
    return () => {
      unmounted = true;
      stop();
    };
  }, [about]);
  return value;
}

/** Whether the browser reports a network. */
export function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = (): void => setOnline(navigator.onLine);
    window.addEventListener("online", update);
    window.addEventListener("offline", update);
    return () => {
      window.removeEventListener("online", update);
      window.removeEventListener("offline", update);
    };
  }, []);
  return online;
}
