// Who holds something, in words.
import { KeyRound, User, Users } from 'lucide-react';
import { useT } from '../../i18n';
import styles from './SubjectWords.module.css';
import { parseSubject } from './subjects';

const icons = { user: User, group: Users, token: KeyRound };

export function SubjectWords({ subject }: { subject: string }) {
  const t = useT();
  const { kind, name } = parseSubject(subject);
  const Icon = icons[kind];
  return (
    <span className={styles.subject}>
      <Icon role="img" aria-label={t.access.kinds[kind]} />
      <span className={styles.name}>{name}</span>
    </span>
  );
}
