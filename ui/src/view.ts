/** A page's living view: data, clock and connection, from mount to unmount. */

import { onBeforeUnmount, shallowRef, type ShallowRef } from 'vue';
import * as api from './api';
import { ServerClock } from './clock';
import { LiveView, type LiveState, type Socket } from './live';
import { router } from './router';
import { forget } from './session';

function open(view: string): Socket {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return new WebSocket(`${scheme}://${location.host}/ws?view=${view}`) as Socket;
}

export interface View<T> {
  data: Readonly<ShallowRef<T | null>>;
  state: Readonly<ShallowRef<LiveState>>;
  clock: ServerClock;
}

export function useView<T extends { now: number }>(view: 'desk' | 'wallboard'): View<T> {
  const data: ShallowRef<T | null> = shallowRef(null);
  const state = shallowRef<LiveState>('connecting');
  const clock = new ServerClock();
  const live = new LiveView<T>({
    open: () => open(view),
    onData: (fresh) => {
      clock.hear(fresh.now, Date.now() / 1000);
      data.value = fresh;
    },
    onState: (now) => {
      if (now === 'live') clock.reset();
      state.value = now;
    },
    stillWelcome: async () => (await api.me()) !== null,
    onUnwelcome: () => {
      forget();
      void router.push({ name: 'login', query: { next: router.currentRoute.value.fullPath } });
    },
  });
  const hurry = (): void => live.hurry();
  window.addEventListener('online', hurry);
  onBeforeUnmount(() => {
    window.removeEventListener('online', hurry);
    live.stop();
  });
  return { data, state, clock };
}
