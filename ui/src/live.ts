/**
 * A living view: one snapshot, then numbered deltas over a WebSocket.
 *
 * On a lost connection or a hole in the numbering the view connects anew and starts from a fresh snapshot;
 * what was shown last stays on the page meanwhile, and `state` says that it is old.
 */

import { mergePatch } from './merge';

export type LiveState = 'connecting' | 'live' | 'reconnecting';

/** What the server sends. `data` is the whole view, `patch` a JSON merge patch of it. */
export type Frame =
  | { kind: 'snapshot'; view: string; seq: number; data: unknown }
  | { kind: 'delta'; seq: number; patch: unknown };

/** The part of a browser's WebSocket that is used here. */
export interface Socket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  close(): void;
}

export interface LiveOptions<T> {
  open: () => Socket;
  onData: (data: T) => void;
  onState: (state: LiveState) => void;
  /** Asked before each new attempt and after `quietSeconds` of silence; false: not signed in any more. */
  stillWelcome: () => Promise<boolean>;
  onUnwelcome: () => void;
  random?: () => number;
  quietSeconds?: number;
}

/** Seconds before the nth attempt (from 0): 0.5 doubling to 10, scattered so that a whole room does not return at once. */
export function backoff(attempt: number, random: () => number): number {
  const most = Math.min(10, 0.5 * 2 ** attempt);
  return most / 2 + (most / 2) * random();
}

/** Connects at once; `stop` ends it for good. */
export class LiveView<T> {
  private socket: Socket | null = null;
  private data: unknown;
  private seq: number | null = null;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private quiet: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  constructor(private readonly options: LiveOptions<T>) {
    options.onState('connecting');
    this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.drop();
    clearTimeout(this.timer);
  }

  /** Try now instead of when the backoff ends, as when the network came back. */
  hurry(): void {
    if (this.stopped || this.socket !== null || this.timer === undefined) return;
    clearTimeout(this.timer);
    void this.retry();
  }

  private connect(): void {
    const socket = this.options.open();
    this.socket = socket;
    this.seq = null;
    socket.onmessage = (event) => this.receive(socket, event.data);
    socket.onclose = () => {
      if (this.socket === socket) this.lost();
    };
    this.listen();
  }

  private receive(socket: Socket, text: unknown): void {
    if (this.socket !== socket) return;
    let frame: Frame;
    try {
      frame = JSON.parse(String(text)) as Frame;
    } catch {
      this.lost();
      return;
    }
    if (frame.kind === 'snapshot') {
      this.data = frame.data;
      this.attempt = 0;
      this.options.onState('live');
    } else if (this.seq !== null && frame.seq === this.seq + 1) {
      this.data = mergePatch(this.data, frame.patch);
    } else {
      this.lost();
      return;
    }
    this.seq = frame.seq;
    this.listen();
    this.options.onData(this.data as T);
  }

  private lost(): void {
    this.drop();
    if (this.stopped) return;
    this.options.onState('reconnecting');
    const wait = backoff(this.attempt, this.options.random ?? Math.random);
    this.attempt += 1;
    this.timer = setTimeout(() => void this.retry(), wait * 1000);
  }

  private async retry(): Promise<void> {
    this.timer = undefined;
    let welcome: boolean;
    try {
      welcome = await this.options.stillWelcome();
    } catch {
      if (!this.stopped) this.lost();
      return;
    }
    if (this.stopped) return;
    if (welcome) this.connect();
    else this.options.onUnwelcome();
  }

  /** A cable that was pulled closes nothing: after a silence ask whether the server is still there. */
  private listen(): void {
    clearTimeout(this.quiet);
    const socket = this.socket;
    this.quiet = setTimeout(
      () => {
        this.options.stillWelcome().then(
          (welcome) => {
            if (this.stopped || this.socket !== socket) return;
            if (!welcome) {
              this.drop();
              this.options.onUnwelcome();
            } else if (this.seq === null) this.lost();
            else this.listen();
          },
          () => {
            if (!this.stopped && this.socket === socket) this.lost();
          },
        );
      },
      (this.options.quietSeconds ?? 20) * 1000,
    );
  }

  private drop(): void {
    clearTimeout(this.quiet);
    const socket = this.socket;
    this.socket = null;
    if (socket === null) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}
