/** Light or dark: the kept choice, else what the machine prefers. */

import { readonly, ref } from 'vue';

const KEY = 'hotline.theme';
const kept = localStorage.getItem(KEY);
const dark = ref(kept === null ? matchMedia('(prefers-color-scheme: dark)').matches : kept === 'dark');

function apply(): void {
  document.documentElement.classList.toggle('dark', dark.value);
}

apply();

export const isDark = readonly(dark);

export function toggleTheme(): void {
  dark.value = !dark.value;
  localStorage.setItem(KEY, dark.value ? 'dark' : 'light');
  apply();
}
