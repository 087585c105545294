// Two languages as two typed objects: a missing string does not compile. Each is a file of its own, loaded when it is first wanted;
// switching needs no reload.
import { createContext, type ReactNode, use, useCallback, useMemo, useState } from 'react';
import type { en } from './en';

export type Messages = typeof en;
export type Language = 'en' | 'zh-CN';

export const languages: Record<Language, { name: string; load: () => Promise<Messages> }> = {
  en: { name: 'English', load: async () => (await import('./en')).en },
  'zh-CN': { name: '简体中文', load: async () => (await import('./zh-CN')).zhCN },
};

const loaded: Partial<Record<Language, Messages>> = {};

/** Fetches the words of a language; they must be there before anything is shown in it. */
export async function load(language: Language) {
  loaded[language] ??= await languages[language].load();
}

interface Chosen {
  language: Language;
  choose: (language: Language) => Promise<void>;
}

const Context = createContext<Chosen>({ language: 'en', choose: async () => {} });

/** The language of a tag such as `zh-Hans-CN`; English for those that there are no words for. */
export function languageOf(tag: string): Language {
  return tag.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

/** What the server wrote into the page, else what the browser asks for. */
export function firstLanguage(): Language {
  const said = document.documentElement.lang;
  return languageOf(said === '' || said.startsWith('{') ? navigator.language : said);
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => {
    const found = firstLanguage();
    document.documentElement.lang = found;
    return found;
  });
  const choose = useCallback(async (next: Language) => {
    await load(next);
    document.documentElement.lang = next;
    remember('pintle-lang', next);
    setLanguage(next);
  }, []);
  const chosen = useMemo(() => ({ language, choose }), [language, choose]);
  return <Context value={chosen}>{children}</Context>;
}

/** Keeps a preference for a year; the server writes it into the page, so that nothing flashes. */
export function remember(name: string, value: string) {
  const path = `${document.body.dataset.base || ''}/`;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere yet
  document.cookie = `${name}=${value}; Path=${path}; Max-Age=31536000; SameSite=Lax`;
}

/** The words of the chosen language. */
export function useT(): Messages {
  const { language } = use(Context);
  const messages = loaded[language];
  if (!messages) throw new Error(`the words of ${language} are not loaded`);
  return messages;
}

/** The chosen language, and how to choose. */
export function useLanguage(): Chosen {
  return use(Context);
}
