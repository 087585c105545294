// The bar above every page: where one is, whether what is shown is fresh, the search, and who is here.
import { Link, useNavigate } from '@tanstack/react-router';
import { Menu as MenuIcon, Search } from 'lucide-react';
import { useT } from '../i18n';
import { Menu } from '../ui/Menu';
import { LiveChip } from './LiveChip';
import { useDestinations } from './Nav';
import { PersonMenu } from './PersonMenu';
import styles from './ScopeBar.module.css';
import { Where } from './Where';

export function ScopeBar({ onSearch }: { onSearch: () => void }) {
  const t = useT();
  return (
    <div className={styles.bar}>
      <Pages />
      <Link to="/" className={styles.brand}>
        Pintle
      </Link>
      <Where />
      <span className={styles.room} />
      <LiveChip />
      <button type="button" className={styles.search} onClick={onSearch} aria-keyshortcuts="Control+K Meta+K">
        <Search aria-hidden />
        <span>{t.nav.palette}</span>
        <kbd>Ctrl K</kbd>
      </button>
      <PersonMenu />
    </div>
  );
}

function Pages() {
  const t = useT();
  const navigate = useNavigate();
  const items = useDestinations().map(({ label, icon: Icon, link }) => ({
    label,
    icon: <Icon aria-hidden />,
    onSelect: () => void navigate(link),
  }));
  return (
    <Menu className={styles.pages} button={<MenuIcon aria-hidden />} label={t.common.menu} items={items} />
  );
}
