// Who is here, with language, theme, and the way out.
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { CircleUser, Languages, LogOut, SunMoon } from 'lucide-react';
import { meQuery } from '../api/me';
import { type Language, languages, useLanguage, useT } from '../i18n';
import { Menu } from '../ui/Menu';
import styles from './ScopeBar.module.css';
import { chooseTheme, themes, useTheme } from './theme';
import { useLogOut } from './useLogOut';

export function PersonMenu() {
  const t = useT();
  const navigate = useNavigate();
  const leave = useLogOut();
  const { language, choose } = useLanguage();
  const theme = useTheme();
  const { data: me } = useQuery(meQuery);
  return (
    <Menu
      className={styles.person}
      side="right"
      label={me ? `${t.nav.account}: ${me.user}` : t.nav.account}
      button={
        <>
          <CircleUser aria-hidden />
          <span id="user">{me?.user}</span>
        </>
      }
      items={[
        {
          label: t.nav.account,
          icon: <CircleUser aria-hidden />,
          onSelect: () => void navigate({ to: '/account' }),
        },
        ...Object.entries(languages).map(([tag, { name }]) => ({
          label: name,
          icon: <Languages aria-hidden />,
          current: tag === language,
          onSelect: () => choose(tag as Language),
        })),
        ...themes.map((one) => ({
          label: `${t.nav.theme}${t.common.colon}${t.nav.themes[one]}`,
          icon: <SunMoon aria-hidden />,
          current: one === theme,
          onSelect: () => chooseTheme(one),
        })),
        { label: t.nav.logout, icon: <LogOut aria-hidden />, onSelect: () => void leave() },
      ]}
    />
  );
}
