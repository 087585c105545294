// Two languages as two typed objects: a missing string does not compile. Switching needs no reload.
import { createContext, type ReactNode, use, useCallback, useMemo, useState } from 'react';
import { en } from './en';
import { zhCN } from './zh-CN';

export type Messages = typeof en;
export type Language = 'en' | 'zh-CN';

export const languages: Record<Language, { name: string; messages: Messages }> = {
  en: { name: 'English', messages: en },
  'zh-CN': { name: '简体中文', messages: zhCN },
};

interface Chosen {
  language: Language;
  choose: (language: Language) => void;
}

const Context = createContext<Chosen>({ language: 'en', choose: () => {} });

/** The language of a tag such as `zh-Hans-CN`; English for those that there are no words for. */
export function languageOf(tag: string): Language {
  return tag.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

function first(): Language {
  const said = document.documentElement.lang;
  return languageOf(said === '' || said.startsWith('{') ? navigator.language : said);
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => {
    const found = first();
    document.documentElement.lang = found;
    return found;
  });
  const choose = useCallback((next: Language) => {
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
  return languages[use(Context).language].messages;
}

/** The chosen language, and how to choose. */
export function useLanguage(): Chosen {
  return use(Context);
}
