/** What a page may call of the chat. Before the loader is there, `window.onethread` is an array of calls to come:
 *  `window.onethread = window.onethread || []; onethread.push(["open"])`. Every call answers a promise. */
export interface OnethreadIdentity {
  /** The user's id on your site. */
  id: string;
  email?: string;
  name?: string;
  /** Unix seconds, at most 24 hours ahead. */
  expires?: number;
  /** hex HMAC-SHA256 with the channel's identity secret over channel + "\n" + id + "\n" + email + "\n" + expires,
   *  made on your server. */
  signature?: string;
}

export interface OnethreadEvents {
  ready: undefined;
  open: undefined;
  close: undefined;
  /** How many replies have not been read. */
  unread: number;
  /** The visitor has written something. */
  message: undefined;
  /** The visitor has rated a chat, 1 (bad) to 5 (great). */
  rating: { score: number };
  /** The signed identity was accepted. */
  identify: { signed: boolean };
  /** What is wrong with a call of this page, for whoever made it. */
  error: string;
}

export interface Onethread {
  open(): Promise<void>;
  close(): Promise<void>;
  toggle(): Promise<void>;
  /** Show the launcher again after hide(). */
  show(): Promise<void>;
  hide(): Promise<void>;
  /** Tie the browser to a user of your site; without a signature the email is only a claim. */
  identify(who: OnethreadIdentity): Promise<void>;
  /** At most 20 values that agents see, marked as coming from the browser. */
  setAttributes(attributes: Record<string, string | number | boolean>): Promise<void>;
  /** Put words where the visitor writes, for them to change or send. */
  prefill(text: string): Promise<void>;
  /** Send words; only while a press of the visitor is being handled. */
  send(text: string): Promise<void>;
  /** Tell of another page; pages that change by the History or Navigation API are noticed without it. */
  page(to?: { url?: string; title?: string }): Promise<void>;
  /** On sign-out: this browser forgets the visitor, and its token is void. */
  reset(): Promise<void>;
  /** With data-consent="wait" nothing is stored before consent(true). */
  consent(may?: boolean): Promise<void>;
  on<Name extends keyof OnethreadEvents>(name: Name, fn: (detail: OnethreadEvents[Name]) => void): Promise<void>;
  off<Name extends keyof OnethreadEvents>(name: Name, fn?: (detail: OnethreadEvents[Name]) => void): Promise<void>;
  /** Take the chat off the page. */
  destroy(): Promise<void>;
  push(call: [keyof Onethread, ...unknown[]]): Promise<void>;
}

declare global {
  interface Window {
    onethread: Onethread | [string, ...unknown[]][];
  }
}
