// The list of checks, each with its word.
import { Link, useParams } from '@tanstack/react-router';
import { ErrorView } from '../../app/ErrorView';
import { useT } from '../../i18n';
import { Badge, type Tone } from '../../ui/Badge';
import styles from './Checks.module.css';
import type { Check, ChecksOf } from './checks';

const tones: Record<Check['state'], Tone> = { ok: 'good', warn: 'warn', bad: 'bad', running: 'quiet' };

export function Checks({
  checks: { list },
  failed,
  retry,
}: {
  checks: ChecksOf;
  failed: unknown;
  retry: () => void;
}) {
  const t = useT();
  const words = t.drafts.checks;
  const { env = '' } = useParams({ strict: false });
  return (
    <section className={styles.checks} aria-label={words.title}>
      <h2>{words.title}</h2>
      {failed != null && <ErrorView error={failed} retry={retry} />}
      <ul className={styles.list}>
        {list.map((check) => (
          <li key={check.name} className={styles.check}>
            <Badge tone={tones[check.state]}>
              {check.state === 'running' ? words.running : words[check.state]}
            </Badge>
            <div className={styles.words}>
              <strong>{check.name}</strong> {check.words}
              {check.places?.map(({ entry, words: problem }) => (
                <p key={`${entry?.namespace}/${entry?.key}/${problem}`}>
                  {entry && (
                    <>
                      <Link
                        to="/e/$env/n/$ns/edit/$"
                        params={{ env, ns: entry.namespace, _splat: entry.key }}
                      >
                        {entry.key}
                      </Link>
                      {': '}
                    </>
                  )}
                  {problem}
                </p>
              ))}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
