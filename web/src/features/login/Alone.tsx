// A page without the frame: a card in the middle, and above it language and theme.
import { type ReactNode, useEffect } from 'react';
import { chooseTheme, type Theme, themes, useTheme } from '../../app/theme';
import { type Language, languages, useLanguage, useT } from '../../i18n';
import { isReadable } from '../../lib/transport';
import { Banner } from '../../ui/Banner';
import styles from './Alone.module.css';

export function Alone({ title, children }: { title: string; children: ReactNode }) {
  const t = useT();
  const { language, choose } = useLanguage();
  const theme = useTheme();
  useEffect(() => {
    document.title = `${title} · Pintle`;
  }, [title]);
  return (
    <div className={styles.page}>
      <header className={styles.top}>
        <select
          aria-label={t.nav.language}
          value={language}
          onChange={(event) => choose(event.target.value as Language)}
        >
          {Object.entries(languages).map(([tag, { name }]) => (
            <option key={tag} value={tag}>
              {name}
            </option>
          ))}
        </select>
        <select
          aria-label={t.nav.theme}
          value={theme}
          onChange={(event) => chooseTheme(event.target.value as Theme)}
        >
          {themes.map((one) => (
            <option key={one} value={one}>
              {t.nav.themes[one]}
            </option>
          ))}
        </select>
      </header>
      <main className={styles.middle}>
        {isReadable() && (
          <div id="plain">
            <Banner tone="warn">{t.nav.plain}</Banner>
          </div>
        )}
        <div className={styles.card}>
          <div className={styles.head}>
            <span className={styles.brand}>Pintle</span>
            <h1>{title}</h1>
          </div>
          {children}
        </div>
      </main>
    </div>
  );
}
