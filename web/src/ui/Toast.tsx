// Short words about what was just done, told to screen readers as well. They leave by themselves; errors stay.
import { X } from 'lucide-react';
import { type ReactNode, useSyncExternalStore } from 'react';
import { useT } from '../i18n';
import { Banner } from './Banner';
import { Button } from './Button';
import styles from './Toast.module.css';

interface Told {
  id: number;
  tone: 'good' | 'bad';
  words: ReactNode;
}

let told: Told[] = [];
let next = 0;
const listeners = new Set<() => void>();

function set(list: Told[]) {
  told = list;
  for (const listener of listeners) listener();
}

/** Tells something; what comes back takes it away again. */
export function tell(words: ReactNode, tone: Told['tone'] = 'good'): () => void {
  const id = next++;
  const close = () => set(told.filter((one) => one.id !== id));
  set([...told.slice(-3), { id, tone, words }]);
  if (tone === 'good') setTimeout(close, 6_000);
  return close;
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Toasts() {
  const t = useT();
  const shown = useSyncExternalStore(subscribe, () => told);
  const close = (id: number) => set(told.filter((one) => one.id !== id));
  return (
    <section className={styles.toasts} aria-label={t.common.notices} aria-live="polite">
      {shown.map(({ id, tone, words }) => (
        <div key={id} className={styles.toast}>
          <Banner
            said
            tone={tone}
            actions={
              <Button
                kind="quiet"
                small
                icon={<X aria-hidden />}
                aria-label={t.common.close}
                onClick={() => close(id)}
              />
            }
          >
            {words}
          </Banner>
        </div>
      ))}
    </section>
  );
}
