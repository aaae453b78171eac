/** The languages of the pages. Chinese first; the choice is kept in the browser. */

import elementEn from 'element-plus/es/locale/lang/en';
import elementZh from 'element-plus/es/locale/lang/zh-cn';
import { computed } from 'vue';
import { createI18n } from 'vue-i18n';
import en from './messages/en';
import zh, { type Messages } from './messages/zh-CN';

export type Language = 'zh-CN' | 'en';

const KEY = 'hotline.language';

export const i18n = createI18n<[Messages], Language, false>({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh, en },
});

const locale = i18n.global.locale;

export const elementLocale = computed(() => (locale.value === 'en' ? elementEn : elementZh));

export function setLanguage(language: Language): void {
  locale.value = language;
  document.documentElement.lang = language;
  localStorage.setItem(KEY, language);
}

/** A spoken language (ISO 639-1) by its name; by its code where the messages have none. */
export function languageName(code: string): string {
  const key = `language.${code}`;
  return i18n.global.te(key) ? i18n.global.t(key) : code;
}

/** The kept choice, else the hotline's own language as the server names it. */
export function restoreLanguage(configured: string): void {
  const kept = localStorage.getItem(KEY);
  const language = kept ?? configured;
  locale.value = language.startsWith('en') ? 'en' : 'zh-CN';
  document.documentElement.lang = locale.value;
}
