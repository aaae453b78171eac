import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backoff, LiveView, type LiveState, type Socket } from '../src/live';

class FaultySocket implements Socket {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  closed = false;

  close(): void {
    this.closed = true;
  }

  say(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  snapshot(seq: number, data: unknown): void {
    this.say({ kind: 'snapshot', view: 'desk', seq, data });
  }

  delta(seq: number, patch: unknown): void {
    this.say({ kind: 'delta', seq, patch });
  }

  break(): void {
    this.onclose?.();
  }
}

interface World {
  sockets: FaultySocket[];
  data: unknown[];
  states: LiveState[];
  unwelcome: number;
  welcome: () => Promise<boolean>;
  view: LiveView<unknown>;
}

function world(): World {
  const it: World = {
    sockets: [],
    data: [],
    states: [],
    unwelcome: 0,
    welcome: () => Promise.resolve(true),
    view: undefined as unknown as LiveView<unknown>,
  };
  it.view = new LiveView<unknown>({
    open: () => {
      const socket = new FaultySocket();
      it.sockets.push(socket);
      return socket;
    },
    onData: (data) => it.data.push(data),
    onState: (state) => it.states.push(state),
    stillWelcome: () => it.welcome(),
    onUnwelcome: () => {
      it.unwelcome += 1;
    },
    random: () => 0.5,
  });
  return it;
}

function socketAt(w: World, index: number): FaultySocket {
  const socket = w.sockets[index];
  if (socket === undefined) throw new Error(`no socket ${index}`);
  return socket;
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('LiveView', () => {
  it('shows the snapshot and then each delta', () => {
    const w = world();
    const socket = socketAt(w, 0);
    expect(w.states).toEqual(['connecting']);
    socket.snapshot(7, { a: 1, b: { c: 2 } });
    socket.delta(8, { b: { c: 3 } });
    socket.delta(9, { a: null });
    expect(w.states).toEqual(['connecting', 'live']);
    expect(w.data.at(-1)).toEqual({ b: { c: 3 } });
  });

  it('takes a new snapshot on the same connection as it comes', () => {
    const w = world();
    const socket = socketAt(w, 0);
    socket.snapshot(1, { a: 1 });
    socket.snapshot(40, { a: 2 });
    socket.delta(41, { b: 1 });
    expect(w.data.at(-1)).toEqual({ a: 2, b: 1 });
    expect(w.sockets).toHaveLength(1);
  });

  it('connects anew on a hole in the numbering, and shows nothing of the delta behind it', async () => {
    const w = world();
    socketAt(w, 0).snapshot(1, { a: 1 });
    socketAt(w, 0).delta(3, { a: 3 });
    expect(w.states.at(-1)).toBe('reconnecting');
    expect(w.data).toEqual([{ a: 1 }]);
    expect(socketAt(w, 0).closed).toBe(true);
    await vi.advanceTimersByTimeAsync(400);
    socketAt(w, 1).snapshot(3, { a: 3 });
    expect(w.states.at(-1)).toBe('live');
    expect(w.data.at(-1)).toEqual({ a: 3 });
  });

  it('does not take a delta before the snapshot', () => {
    const w = world();
    socketAt(w, 0).delta(1, { a: 1 });
    expect(w.data).toEqual([]);
    expect(w.states.at(-1)).toBe('reconnecting');
  });

  it('gives a broken frame up', () => {
    const w = world();
    socketAt(w, 0).onmessage?.({ data: '{"kind":' });
    expect(w.states.at(-1)).toBe('reconnecting');
  });

  it('waits longer after each failure and begins again after a success', async () => {
    const w = world();
    socketAt(w, 0).break();
    await vi.advanceTimersByTimeAsync(375);
    expect(w.sockets).toHaveLength(2);
    socketAt(w, 1).break();
    await vi.advanceTimersByTimeAsync(749);
    expect(w.sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(w.sockets).toHaveLength(3);
    socketAt(w, 2).snapshot(1, {});
    socketAt(w, 2).break();
    await vi.advanceTimersByTimeAsync(375);
    expect(w.sockets).toHaveLength(4);
  });

  it('keeps trying while the server does not answer', async () => {
    const w = world();
    w.welcome = () => Promise.reject(new Error('away'));
    socketAt(w, 0).break();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(w.sockets).toHaveLength(1);
    w.welcome = () => Promise.resolve(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(w.sockets).toHaveLength(2);
  });

  it('goes to the sign-in page instead of trying for ever when the session is over', async () => {
    const w = world();
    w.welcome = () => Promise.resolve(false);
    socketAt(w, 0).break();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(w.unwelcome).toBe(1);
    expect(w.sockets).toHaveLength(1);
  });

  it('finds a dead line by asking after a silence', async () => {
    const w = world();
    socketAt(w, 0).snapshot(1, {});
    await vi.advanceTimersByTimeAsync(21_000);
    expect(w.states.at(-1)).toBe('live');
    w.welcome = () => Promise.reject(new Error('away'));
    await vi.advanceTimersByTimeAsync(21_000);
    expect(w.states.at(-1)).toBe('reconnecting');
    expect(socketAt(w, 0).closed).toBe(true);
  });

  it('gives a connection up that never brings a snapshot', async () => {
    const w = world();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(w.states.at(-1)).toBe('reconnecting');
  });

  it('tries at once when told to hurry', async () => {
    const w = world();
    socketAt(w, 0).break();
    w.view.hurry();
    await vi.advanceTimersByTimeAsync(0);
    expect(w.sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(w.sockets).toHaveLength(2);
  });

  it('is quiet once stopped', async () => {
    const w = world();
    const socket = socketAt(w, 0);
    w.view.stop();
    socket.snapshot(1, {});
    await vi.advanceTimersByTimeAsync(120_000);
    expect(socket.closed).toBe(true);
    expect(w.data).toEqual([]);
    expect(w.sockets).toHaveLength(1);
  });
});

describe('backoff', () => {
  it('doubles up to ten seconds and is scattered over the upper half', () => {
    expect([0, 1, 2, 3, 9].map((attempt) => backoff(attempt, () => 1))).toEqual([0.5, 1, 2, 4, 10]);
    expect(backoff(9, () => 0)).toBe(5);
  });
});
