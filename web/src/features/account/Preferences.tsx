// Language, theme, and whether single letters are shortcuts. They are kept in this browser.
import { useState } from 'react';
import { letLettersWork, lettersWork } from '../../app/shortcuts';
import { chooseTheme, type Theme, themes, useTheme } from '../../app/theme';
import { type Language, languages, useLanguage, useT } from '../../i18n';
import { Checkbox, Select } from '../../ui/Field';
import { Row } from '../../ui/Form';
import { Section } from '../../ui/Section';
import styles from './Preferences.module.css';

export function Preferences() {
  const t = useT();
  const { language, choose } = useLanguage();
  const theme = useTheme();
  const [letters, setLetters] = useState(lettersWork);
  return (
    <Section title={t.account.preferences} panel>
      <div className={styles.narrow}>
        <Row>
          <Select
            label={t.nav.language}
            value={language}
            onChange={(event) => choose(event.target.value as Language)}
          >
            {Object.entries(languages).map(([tag, { name }]) => (
              <option key={tag} value={tag}>
                {name}
              </option>
            ))}
          </Select>
          <Select
            label={t.nav.theme}
            value={theme}
            onChange={(event) => chooseTheme(event.target.value as Theme)}
          >
            {themes.map((one) => (
              <option key={one} value={one}>
                {t.nav.themes[one]}
              </option>
            ))}
          </Select>
        </Row>
      </div>
      <div>
        <Checkbox
          label={t.account.letters}
          checked={letters}
          onChange={(event) => {
            letLettersWork(event.target.checked);
            setLetters(event.target.checked);
          }}
        />
        <p className={styles.hint}>{t.account.lettersHint}</p>
      </div>
    </Section>
  );
}
