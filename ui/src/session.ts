/** Who is signed in, and the hotline's own settings. */

import { computed, shallowRef } from 'vue';
import * as api from './api';
import { restoreLanguage } from './i18n';

const who = shallowRef<api.Me | null>(null);
const settings = shallowRef<api.Config>({
  hotline_name: '政务服务便民热线',
  timezone: 'Asia/Shanghai',
  language: 'zh',
  version: '',
});

export const me = computed(() => who.value);
export const config = computed(() => settings.value);
/** People who take calls have an agent's id, and with it a desk. */
export const hasDesk = computed(() => (who.value?.agent ?? '') !== '' && who.value?.role !== 'supervisor');

/** Ask the server once who is here. Throws ApiError when it cannot be reached. */
export async function restore(): Promise<void> {
  const [found, known] = await Promise.all([api.me(), api.config()]);
  who.value = found;
  settings.value = known;
  restoreLanguage(known.language);
  document.title = known.hotline_name;
}

export async function login(name: string, password: string): Promise<void> {
  who.value = await api.login(name, password);
}

/** Sign out here even when the server no longer answers. */
export async function logout(): Promise<void> {
  try {
    await api.logout();
  } finally {
    forget();
  }
}

/** The session ended on the server's side. */
export function forget(): void {
  who.value = null;
}
