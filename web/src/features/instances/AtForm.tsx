// Asks what an instance ran at a time. The answer has an address of its own.
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useT } from '../../i18n';
import { instantOf, localOf } from '../../lib/time';
import { Button } from '../../ui/Button';
import { TextField } from '../../ui/Field';
import styles from './AtForm.module.css';

export function AtForm({ env, id, at }: { env: string; id: string; at: string | undefined }) {
  const t = useT().instances;
  const navigate = useNavigate();
  const [when, setWhen] = useState(() => (/^\d+$/.test(at ?? '') ? '' : localOf(at)) || localOf(new Date()));
  const show = (event: FormEvent) => {
    event.preventDefault();
    const instant = instantOf(when);
    if (instant === undefined) return;
    void navigate({
      to: '/e/$env/instances/$instance',
      params: { env, instance: id },
      search: { at: instant },
    });
  };
  return (
    <form onSubmit={show} className={styles.form}>
      <h2>{t.atTitle}</h2>
      <div className={styles.row}>
        <TextField
          bare
          label={t.atLabel}
          type="datetime-local"
          value={when}
          onChange={(event) => setWhen(event.target.value)}
        />
        <Button type="submit">{t.atSubmit}</Button>
      </div>
    </form>
  );
}
